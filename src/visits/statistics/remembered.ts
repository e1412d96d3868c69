import { LRUCache } from 'lru-cache'
import type { Chunk } from './chunk.js'
import { PeopleSets } from './people-sets.js'
import type { LeftOfChunk } from './wanted.js'

/** What is remembered of a log under one filter, so that only the first question under it looks at every visit. */
export class Remembered {
  readonly chunks = new Map<Chunk, LeftOfChunk>()
  readonly people: PeopleSets

  /** @param size positions of a chunk */
  constructor(size: number) {
    this.people = new PeopleSets(size)
  }

  get bytes(): number {
    let bytes = this.people.bytes
    for (const { places, sums } of this.chunks.values()) {
      bytes += 200 + places.byteLength
      for (const { visits, suspects } of sums.values()) bytes += 200 + 4 * visits.length + 2 * suspects.length
    }
    return bytes
  }
}

/** A dashboard asks a dozen questions under one filter, and again whenever visits come. */
const mostFilters = 4

/** What is remembered under the filters that were asked for lately, and without any. */
export class RememberedByFilter {
  readonly #size: number
  #unfiltered: Remembered
  readonly #lately = new LRUCache<string, Remembered>({ max: mostFilters })

  constructor(size: number) {
    this.#size = size
    this.#unfiltered = new Remembered(size)
  }

  /** @param filter all that decides which visits are left; null: all are */
  of(filter: string | null): Remembered {
    if (filter === null) return this.#unfiltered
    const known = this.#lately.get(filter) ?? new Remembered(this.#size)
    this.#lately.set(filter, known)
    return known
  }

  get bytes(): number {
    return this.#unfiltered.bytes + this.#bytesOfFilters
  }

  /** Gives up what was not asked for lately until filters take no more than this. */
  shrinkTo(bytes: number): void {
    while (this.#lately.size > 0 && this.#bytesOfFilters > bytes) this.#lately.pop()
  }

  clear(): void {
    this.#lately.clear()
    this.#unfiltered = new Remembered(this.#size)
  }

  get #bytesOfFilters(): number {
    let bytes = 0
    for (const remembered of this.#lately.values()) bytes += remembered.bytes
    return bytes
  }
}
