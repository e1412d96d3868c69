import type { VisitFilters } from '../filters.js'
import { type Chunk, chunkSize, type PartName, partOf, quarterMs } from './chunk.js'
import { type FacetName, facetNames, facetOf } from './dimensions.js'
import type { Facet, Value } from './facet.js'
import type { PositionFilter } from './positions.js'

/** Which visits are wanted. */
export interface Selection {
  /** Half-open, in milliseconds; infinite where it is open. */
  from: number
  to: number
  /** For the facets that matter: whether an entry is wanted, by its number. */
  wanted: Partial<Record<FacetName, Uint8Array>>
  /** null: at any position. */
  positions: PositionFilter | null
}

/** @param links that count; null: all */
export function selectionOf(
  { conditions, from, to }: VisitFilters,
  facets: Record<FacetName, Facet>,
  links: number[] | null,
  positions: PositionFilter | null,
): Selection {
  const wanted: Selection['wanted'] = {}
  const limit = (name: FacetName, isWanted: (entry: Value[]) => boolean) => {
    const before = wanted[name]
    wanted[name] = Uint8Array.from(facets[name].entries, (entry, at) => (before?.[at] !== 0 && isWanted(entry) ? 1 : 0))
  }
  for (const { name, include, exclude } of conditions) {
    const facet = facetOf(name)
    if (facet === null) continue
    limit(facet.name, (entry) => {
      const value = String(entry[facet.at] ?? '')
      // What is not known is not the unwanted value: values of filters are never empty.
      return (include.length === 0 || include.includes(value)) && !exclude.includes(value)
    })
  }
  if (links !== null) {
    const counted = new Set<Value>(links)
    limit('link', ([link = null]) => counted.has(link))
  }
  return { from: from?.getTime() ?? -Infinity, to: to?.getTime() ?? Infinity, wanted, positions }
}

/** How the visits of a chunk can be told apart that are wanted of it. */
export interface Look {
  /** Runs of visits are in the range, out of it, or cut by an end of it. */
  time: 'in' | 'some runs' | 'cut'
  /** Facets of which some entries are wanted, and others not. */
  limiting: FacetName[]
  /** Whether positions matter. */
  byPosition: boolean
}

/** A look at a chunk's sums; null when no visit can be wanted. */
export function lookAt(chunk: Chunk, selection: Selection): Look | null {
  const time = timeOf(chunk, selection)
  const { wanted, positions } = selection
  const limited = facetNames.filter((name) => wanted[name] !== undefined)
  const shares = limited.map((name) => share(chunk.columns[name].entries, wanted[name]))
  if (time === null || shares.includes('none') || (positions !== null && !isNear(chunk, positions))) return null
  return { time, limiting: limited.filter((_, at) => shares[at] === 'some'), byPosition: positions !== null }
}

/** Whether all visits of a chunk are wanted. */
export const isAll = ({ time, limiting, byPosition }: Look) => time === 'in' && limiting.length === 0 && !byPosition

/** Parts of a chunk by which the wanted visits are found. */
export function partsToSelect({ time, limiting, byPosition }: Look): PartName[] {
  return [...limiting, ...(time === 'cut' ? (['times'] as const) : []), ...(byPosition ? (['offsets'] as const) : [])]
}

function timeOf({ runs }: Chunk, { from, to }: Selection): Look['time'] | null {
  if (runs.low * quarterMs >= from && (runs.high + 1) * quarterMs <= to) return 'in'
  if ((runs.high + 1) * quarterMs <= from || runs.low * quarterMs >= to) return null
  let isIn = true
  let isOut = true
  for (let run = 0; run < runs.length; run++) {
    const start = (runs.quarters[run] ?? 0) * quarterMs
    if (start >= from && start + quarterMs <= to) isOut = false
    else if (start + quarterMs > from && start < to) return 'cut'
    else isIn = false
  }
  if (isOut) return null
  return isIn ? 'in' : 'some runs'
}

function share(entries: ArrayLike<number>, wanted: Uint8Array | undefined): 'all' | 'some' | 'none' {
  let count = 0
  for (let code = 0; code < entries.length; code++) count += wanted?.[entries[code] ?? 0] ?? 0
  if (count === 0) return 'none'
  return count === entries.length ? 'all' : 'some'
}

function isNear({ first }: Chunk, { included }: PositionFilter): boolean {
  if (included === null || included.size > chunkSize) return true
  for (const position of included) if (position >= first && position < first + chunkSize) return true
  return false
}

/** Places of a whole chunk. */
export const everyPlace = Uint16Array.from({ length: chunkSize }, (_, at) => at)

const places = new Uint16Array(chunkSize)
/** 1 for the codes of a chunk that are wanted. */
const wantedCodes = new Uint8Array(chunkSize)
const noEntries = new Uint8Array()

/**
 * Places of the wanted visits of a chunk; what is returned is overwritten by the next call.
 *
 * Each condition leaves some of the places that the one before has left. Without a branch: which visits are wanted is what no
 * processor can predict.
 */
export function wantedPlaces(chunk: Chunk, selection: Selection, look: Look): Uint16Array {
  let count = placesInTime(chunk, selection, look)
  for (const name of look.limiting) count = leaveFacet(chunk, selection, name, count)
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
