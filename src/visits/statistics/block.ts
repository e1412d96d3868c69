import { type Chunk, type Column, ofFacets, partOf, quarterMs } from './chunk.js'
import { type FacetName, facetNames } from './dimensions.js'
import type { Value } from './facet.js'
import type { LogNumbers } from './log-numbers.js'

/**
 * A chunk as the database keeps it. Nothing in it depends on what else is in memory: entries of facets, visitors and recipients
 * are written out. A pure function of the visits between two positions.
 */
export interface Block {
  first: number
  summary: BlockSummary
  parts: Record<StoredPart, Buffer>
}

/** What most answers are made of. */
export interface BlockSummary {
  length: number
  people: number
  /** Of each run: its quarter, one past its last visit, its people. */
  runs: number[]
  facets: Record<FacetName, { entries: Value[][]; visits: number[]; people: number[] }>
  /** Where some of the people's visits are suspected: how many, of each run, and of each code of each facet. */
  suspects?: { all: number; runs: number[]; facets: Record<FacetName, number[]> }
}

/** Columns of the table, in the order of the log's visits. */
export const storedParts = [...facetNames, 'humans', 'suspects', 'offsets', 'times', 'visitors', 'recipients'] as const

export type StoredPart = (typeof storedParts)[number]

export function blockOf(chunk: Chunk, numbers: LogNumbers): Block {
  const { first, length, people, runs } = chunk
  const facets = ofFacets((name) => {
    const { entries, visits, people } = chunk.columns[name]
    const values = Array.from(entries, (entry) => numbers.facets[name].entries[entry] ?? [])
    return { entries: values, visits: Array.from(visits), people: Array.from(people) }
  })
  const suspects = suspectsOf(chunk)
  const flatRuns = Array.from({ length: runs.length }, (_, run) => [
    runs.quarters[run],
    runs.ends[run],
    runs.people[run],
  ])
  return {
    first,
    summary: { length, people, runs: flatRuns.flat().map((number) => number ?? 0), facets, ...suspects },
    parts: {
      ...ofFacets((name) => codesOf(chunk, name)),
      humans: bitsOf(partOf(chunk, 'humans'), length),
      suspects: chunk.suspects > 0 ? bitsOf(partOf(chunk, 'suspects'), length) : nothing,
      offsets: offsetsOf(partOf(chunk, 'offsets'), length),
      times: timesOf(partOf(chunk, 'times'), length),
      visitors: visitorsOf(chunk, numbers),
      recipients: recipientsOf(chunk, numbers),
    },
  }
}

/** A chunk of which only the sums are in memory. */
export function chunkOf(
  first: number,
  { length, people, runs, facets, suspects }: BlockSummary,
  numbers: LogNumbers,
): Chunk {
  const at = (part: number) => runs.filter((_, nth) => nth % 3 === part)
  const columns: Record<FacetName, Column> = ofFacets((name) => {
    const { entries, visits, people } = facets[name]
    return {
      entries: Uint32Array.from(entries, (values) => numbers.facets[name].numberOf(values)),
      visits: Uint16Array.from(visits),
      people: Uint16Array.from(people),
      suspects: Uint16Array.from(suspects?.facets[name] ?? []),
    }
  })
  const ofRuns = {
    quarters: Int32Array.from(at(0)),
    ends: Uint16Array.from(at(1)),
    people: Uint16Array.from(at(2)),
    suspects: Uint16Array.from(suspects?.runs ?? []),
  }
  const [low, high] = [Math.min(...ofRuns.quarters), Math.max(...ofRuns.quarters)]
  const allRuns = { length: runs.length / 3, low, high, ...ofRuns }
  return { first, length, people, suspects: suspects?.all ?? 0, runs: allRuns, columns, parts: {} }
}

/** Left out where there are none, as in blocks from before visits were suspected. */
function suspectsOf({ suspects: all, runs, columns }: Chunk): Pick<BlockSummary, 'suspects'> {
  if (all === 0) return {}
  const facets = ofFacets((name) => Array.from(columns[name].suspects))
  return { suspects: { all, runs: Array.from(runs.suspects.subarray(0, runs.length)), facets } }
}

/** One byte a visit, or two where there are more codes than fit; nothing where all have the same. */
function codesOf({ columns, parts, length }: Chunk, name: FacetName): Buffer {
  const { entries } = columns[name]
  const codes = parts[name]?.subarray(0, length) ?? []
  if (entries.length <= 1) return nothing
  return entries.length <= 256 ? Buffer.from(codes) : bytesOf(Uint16Array.from(codes))
}

function bitsOf(flags: Uint8Array, length: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(length / 8))
  for (let at = 0; at < length; at++) bits[at >> 3] = (bits[at >> 3] ?? 0) | ((flags[at] ?? 0) << (at & 7))
  return bits
}

/** Nothing where no position is left out. */
function offsetsOf(offsets: Uint16Array, length: number): Buffer {
  return length === 0 || offsets[length - 1] === length - 1 ? nothing : bytesOf(offsets.slice(0, length))
}

/** Three bytes a visit: milliseconds since its quarter began. */
function timesOf(times: Float64Array, length: number): Buffer {
  const bytes = Buffer.alloc(3 * length)
  for (let at = 0; at < length; at++) {
    const time = times[at] ?? 0
    bytes.writeUIntLE(time - Math.floor(time / quarterMs) * quarterMs, 3 * at, 3)
  }
  return bytes
}

/** Eight bytes a person's visit: what stands for the visitor. */
function visitorsOf(chunk: Chunk, { visitors }: LogNumbers): Buffer {
  const [humans, numbers] = [partOf(chunk, 'humans'), partOf(chunk, 'visitors')]
  const words = new Uint32Array(2 * chunk.people)
  for (let at = 0, word = 0; at < chunk.length; at++) {
    if (humans[at] !== 1) continue
    const [low, high] = visitors.bitsOf(numbers[at] ?? 0)
    words[word++] = low
    words[word++] = high
  }
  return bytesOf(words)
}

/** Four bytes a visit: the recipient's number in its link, or 0; nothing where there are none. */
function recipientsOf(chunk: Chunk, { recipients }: LogNumbers): Buffer {
  const numbers = partOf(chunk, 'recipients').subarray(0, chunk.length)
  if (numbers.every((number) => number === 0)) return nothing
  return bytesOf(numbers.map((number) => (number === 0 ? 0 : recipients.bitsOf(number)[0])))
}

const nothing = Buffer.alloc(0)

/** Little-endian, as all machines that Node runs on are. */
function bytesOf(array: Uint16Array | Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}
