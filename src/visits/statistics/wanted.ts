import { type Chunk, type CodeSums, chunkSize, everyPlace, partOf, quarterMs, whoOf } from './chunk.js'
import type { FacetName } from './dimensions.js'
import type { PositionFilter } from './positions.js'
import { isAllOfFilter, type Look, type Selection } from './selection.js'

/** The visits that are wanted of a chunk. */
export interface WantedOfChunk {
  /** Overwritten by the next call, unless they are remembered. */
  places: Uint16Array
  /** How many of them are of people. */
  people: number
  /** Of these, how many are suspected. */
  suspects: number
  /** By the name of a grouping. */
  sums?: Map<string, CodeSums>
}

/** What a filter leaves of a chunk that had this length. */
export interface LeftOfChunk extends Required<WantedOfChunk> {
  length: number
}

/**
 * The wanted visits of a chunk of which not all are.
 *
 * @param left what is remembered under the same filter
 */
export function wantedOf(chunk: Chunk, selection: Selection, look: Look, left: Map<Chunk, LeftOfChunk>): WantedOfChunk {
  if (!isAllOfFilter(look)) return counted(chunk, findPlaces(chunk, selection, look))
  const known = left.get(chunk)
  if (known?.length === chunk.length) return known
  const found = counted(chunk, findPlaces(chunk, selection, look).slice())
  const kept = { ...found, length: chunk.length, sums: new Map<string, CodeSums>() }
  left.set(chunk, kept)
  return kept
}

function counted(chunk: Chunk, places: Uint16Array): WantedOfChunk {
  const { humans, suspects } = whoOf(chunk)
  return { places, people: sumAt(humans, places), suspects: suspects === null ? 0 : sumAt(suspects, places) }
}

function sumAt(flags: Uint8Array, places: Uint16Array): number {
  let sum = 0
  for (let nth = 0; nth < places.length; nth++) sum += flags[places[nth] ?? 0] ?? 0
  return sum
}

const places = new Uint16Array(chunkSize)
/** 1 for the codes of a chunk that are wanted. */
const wantedCodes = new Uint8Array(chunkSize)
const noEntries = new Uint8Array()

/**
 * Each condition leaves some of the places that the one before has left. Without a branch: which visits are wanted is what no
 * processor can predict.
 */
function findPlaces(chunk: Chunk, selection: Selection, look: Look): Uint16Array {
  let count = placesInTime(chunk, selection, look)
  for (const name of look.limiting) count = leaveFacet(chunk, selection, name, count)
  if (look.bySuspicion) count = leaveSuspects(chunk, selection.suspects === 'only' ? 1 : 0, count)
  if (selection.positions !== null) count = leavePositions(chunk, selection.positions, count)
  return places.subarray(0, count)
}

function placesInTime(chunk: Chunk, { from, to }: Selection, { time }: Look): number {
  const { runs, length } = chunk
  places.set(everyPlace)
  if (time === 'in') return length
  let count = 0
  if (time === 'cut') {
    const times = partOf(chunk, 'times')
    for (let at = 0; at < length; at++) {
      const instant = times[at] ?? 0
      places[count] = at
      count += Number(instant >= from && instant < to)
    }
    return count
  }
  for (let run = 0, at = 0; run < runs.length; run++) {
    const start = (runs.quarters[run] ?? 0) * quarterMs
    const end = runs.ends[run] ?? 0
    if (start >= from && start < to) {
      places.copyWithin(count, at, end)
      count += end - at
    }
    at = end
  }
  return count
}

function leaveFacet(chunk: Chunk, { wanted }: Selection, name: FacetName, count: number): number {
  const codes = partOf(chunk, name)
  const { entries } = chunk.columns[name]
  const ofEntry = wanted[name] ?? noEntries
  for (let code = 0; code < entries.length; code++) wantedCodes[code] = ofEntry[entries[code] ?? 0] ?? 0
  let left = 0
  for (let nth = 0; nth < count; nth++) {
    const at = places[nth] ?? 0
    places[left] = at
    left += wantedCodes[codes[at] ?? 0] ?? 0
  }
  return left
}

function leaveSuspects(chunk: Chunk, flag: 0 | 1, count: number): number {
  const suspects = partOf(chunk, 'suspects')
  let left = 0
  for (let nth = 0; nth < count; nth++) {
    const at = places[nth] ?? 0
    places[left] = at
    left += Number(suspects[at] === flag)
  }
  return left
}

function leavePositions(chunk: Chunk, { included, excluded }: PositionFilter, count: number): number {
  const offsets = partOf(chunk, 'offsets')
  let left = 0
  for (let nth = 0; nth < count; nth++) {
    const at = places[nth] ?? 0
    const position = chunk.first + (offsets[at] ?? 0)
    places[left] = at
    left += Number(!excluded.has(position) && included?.has(position) !== false)
  }
  return left
}
