import { type FacetName, facetNames } from './dimensions.js'

/** Positions of a log that make one chunk; never more. */
export const chunkSize = 4096

/** Clocks of all zones are quarters of an hour apart: visits of the same quarter have the same hour and day, unless clocks are changed within it. */
export const quarterMs = 900_000

/** A visit as statistics see it. */
export interface CountedVisit {
  position: number
  time: number
  isHuman: boolean
  /** It is a person's that something speaks against. */
  isSuspect: boolean
  /** Number of its entry in each facet. */
  facets: Record<FacetName, number>
  /** Number of the visitor, which is an address with a user agent; 0 for a bot. */
  visitor: number
  /** Number of the recipient whom a person's visit has come from; else 0. */
  recipient: number
}

/** How many visits have each code, how many of them are of people, and how many of these are suspected. */
export interface CodeSums {
  visits: ArrayLike<number>
  people: ArrayLike<number>
  /** Empty where none is. */
  suspects: ArrayLike<number>
}

/** Sums of one facet of a chunk. What occurs in the chunk has a code there, so that most codes fit into a byte. */
export interface Column extends CodeSums {
  /** Number of the facet's entry for each code. */
  entries: ArrayLike<number>
}

/** The code of each visit of a chunk. */
export type Codes = Uint8Array | Uint16Array

/** Visits that follow each other in the same quarter of an hour. */
export interface Runs {
  length: number
  /** Since 1970. */
  quarters: Int32Array
  /** The first and the last quarter that occur. */
  low: number
  high: number
  /** One past the last visit of each run. */
  ends: Uint16Array
  people: Uint16Array
  /** Empty where there are none. */
  suspects: Uint16Array
}

/** What is known of each visit of a chunk: the code in each facet, and more. */
export interface ChunkParts extends Record<FacetName, Codes> {
  /** 1 where a person came. */
  humans: Uint8Array
  /** 1 where a person came who is suspected. */
  suspects: Uint8Array
  /** Positions, from the chunk's first on. */
  offsets: Uint16Array
  /** Milliseconds since 1970. */
  times: Float64Array
  visitors: Uint32Array
  recipients: Uint32Array
}

export type PartName = keyof ChunkParts

/** Visits between two positions of a log, column by column, in the order of recording. */
export interface Chunk {
  first: number
  length: number
  people: number
  /** Of the people's visits, those that are suspected. */
  suspects: number
  runs: Runs
  columns: Record<FacetName, Column>
  /** Those that are in memory. */
  parts: Partial<ChunkParts>
}

/** A part that was loaded before. */
export function partOf<Name extends PartName>({ first, parts }: Chunk, name: Name): ChunkParts[Name] {
  const part: ChunkParts[Name] | undefined = parts[name]
  if (part === undefined) throw new Error(`${name} of the chunk at ${first} are not loaded`)
  return part
}

/** A chunk that visits are added to, in the order of their positions. */
export class GrowingChunk implements Chunk {
  readonly first: number
  length = 0
  people = 0
  suspects = 0
  readonly runs = {
    length: 0,
    low: Infinity,
    high: -Infinity,
    quarters: new Int32Array(chunkSize),
    ends: new Uint16Array(chunkSize),
    people: new Uint16Array(chunkSize),
    suspects: new Uint16Array(chunkSize),
  }
  readonly parts: ChunkParts = {
    humans: new Uint8Array(chunkSize),
    suspects: new Uint8Array(chunkSize),
    offsets: new Uint16Array(chunkSize),
    times: new Float64Array(chunkSize),
    visitors: new Uint32Array(chunkSize),
    recipients: new Uint32Array(chunkSize),
    ...ofFacets(() => new Uint16Array(chunkSize)),
  }
  readonly columns = ofFacets(() => new GrowingColumn())

  constructor(first: number) {
    this.first = first
  }

  add(visit: CountedVisit): void {
    const { humans, suspects, offsets, times, visitors, recipients } = this.parts
    const at = this.length++
    if (visit.isHuman) this.people += 1
    if (visit.isSuspect) this.suspects += 1
    humans[at] = visit.isHuman ? 1 : 0
    suspects[at] = visit.isSuspect ? 1 : 0
    offsets[at] = visit.position - this.first
    times[at] = visit.time
    visitors[at] = visit.visitor
    recipients[at] = visit.recipient
    for (const name of facetNames) this.parts[name][at] = this.columns[name].add(visit.facets[name], visit)
    this.#extendRuns(Math.floor(visit.time / quarterMs), visit)
  }

  #extendRuns(quarter: number, { isHuman, isSuspect }: CountedVisit): void {
    const { runs } = this
    runs.low = Math.min(runs.low, quarter)
    runs.high = Math.max(runs.high, quarter)
    if (runs.length === 0 || runs.quarters[runs.length - 1] !== quarter) runs.quarters[runs.length++] = quarter
    const last = runs.length - 1
    runs.ends[last] = this.length
    if (isHuman) runs.people[last] = (runs.people[last] ?? 0) + 1
    if (isSuspect) runs.suspects[last] = (runs.suspects[last] ?? 0) + 1
  }
}

class GrowingColumn implements Column {
  readonly entries: number[] = []
  readonly visits: number[] = []
  readonly people: number[] = []
  readonly suspects: number[] = []
  readonly #codes = new Map<number, number>()

  /** @returns the entry's code */
  add(entry: number, { isHuman, isSuspect }: CountedVisit): number {
    const known = this.#codes.get(entry)
    const code = known ?? this.entries.push(entry) - 1
    if (known === undefined) {
      this.#codes.set(entry, code)
      this.visits.push(0)
      this.people.push(0)
      this.suspects.push(0)
    }
    this.visits[code] = (this.visits[code] ?? 0) + 1
    if (isHuman) this.people[code] = (this.people[code] ?? 0) + 1
    if (isSuspect) this.suspects[code] = (this.suspects[code] ?? 0) + 1
    return code
  }
}

/** One thing for each facet. */
export function ofFacets<T>(make: (name: FacetName) => T): Record<FacetName, T> {
  return Object.fromEntries(facetNames.map((name) => [name, make(name)])) as Record<FacetName, T>
}

/** Places of the visits of a whole chunk. */
export const everyPlace = Uint16Array.from({ length: chunkSize }, (_, at) => at)

/** Who came, visit by visit. Without suspects, which most chunks have none of, nobody looks for them. */
export interface Who {
  humans: Uint8Array
  suspects: Uint8Array | null
}

/** What a chunk must have for `whoOf`. */
export const partsOfWho = ({ suspects }: Chunk): PartName[] => (suspects > 0 ? ['humans', 'suspects'] : ['humans'])

export function whoOf(chunk: Chunk): Who {
  return { humans: partOf(chunk, 'humans'), suspects: chunk.suspects > 0 ? partOf(chunk, 'suspects') : null }
}

/** @param places of the visits that count */
export function sumsByCode(codes: Codes, count: number, { humans, suspects }: Who, places: Uint16Array): CodeSums {
  const sums = { visits: new Uint16Array(count), people: new Uint16Array(count), suspects: noSuspects }
  for (let nth = 0; nth < places.length; nth++) {
    const at = places[nth] ?? 0
    const code = codes[at] ?? 0
    sums.visits[code] = (sums.visits[code] ?? 0) + 1
    sums.people[code] = (sums.people[code] ?? 0) + (humans[at] ?? 0)
  }
  return suspects === null ? sums : { ...sums, suspects: suspectsByCode(codes, count, suspects, places) }
}

const noSuspects = new Uint16Array()

function suspectsByCode(codes: Codes, count: number, suspects: Uint8Array, places: Uint16Array): Uint16Array {
  const sums = new Uint16Array(count)
  for (let nth = 0; nth < places.length; nth++) {
    const at = places[nth] ?? 0
    const code = codes[at] ?? 0
    sums[code] = (sums[code] ?? 0) + (suspects[at] ?? 0)
  }
  return sums
}
