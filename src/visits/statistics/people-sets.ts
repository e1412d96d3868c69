import type { Chunk } from './chunk.js'
import type { NumberSet } from './number-set.js'
import { isAllOfFilter, type LookedAt, type Seen } from './selection.js'

/** Who is behind the people's visits of some chunks. */
export interface PeopleSet {
  visitors: NumberSet
  recipients: NumberSet
}

/** Chunks that have a set together. */
const chunksOfSet = 16

/** A set takes a bit for each number there is: beyond this, looking at the visits is no slower and takes no memory. */
const mostNumbers = 2 ** 21

const mostBytes = 32 * 1024 * 1024

/**
 * Visitors and recipients of stretches of a log that do not change any more, so that a range of a million visits is told apart by
 * joining a few sets instead of looking at every visit.
 */
export class PeopleSets {
  readonly #size: number
  readonly #sets = new Map<number, PeopleSet>()
  #isFull = false
  bytes = 0

  /** @param size positions of a chunk */
  constructor(size: number) {
    this.#size = size
  }

  /**
   * Stretches that have a set or may have one: every chunk of them is wanted as a whole, or all that a filter leaves of it.
   *
   * @param end everything up to here is in the chunks
   * @param numbers how many people there are
   */
  stretches(chunks: Iterable<LookedAt>, { end, numbers }: { end: number; numbers: number }): Map<number, Seen[]> {
    const found = new Map<number, Seen[]>()
    const others = new Set<number>()
    for (const { chunk, look } of numbers > mostNumbers ? [] : chunks) {
      const stretch = this.stretchOf(chunk)
      if (others.has(stretch)) continue
      const isWhole = (stretch + 1) * chunksOfSet * this.#size <= end && look !== null && isAllOfFilter(look)
      if (!isWhole || (this.#isFull && !this.#sets.has(stretch))) {
        others.add(stretch)
        found.delete(stretch)
      } else {
        const members = found.get(stretch) ?? []
        members.push({ chunk, look })
        found.set(stretch, members)
      }
    }
    return found
  }

  stretchOf({ first }: Chunk): number {
    return Math.floor((first - 1) / (chunksOfSet * this.#size))
  }

  get(stretch: number): PeopleSet | undefined {
    return this.#sets.get(stretch)
  }

  /** @returns the set, whether there is room to keep it or not */
  keep(stretch: number, set: PeopleSet): PeopleSet {
    const bytes = set.visitors.bytes + set.recipients.bytes
    // How many people there are is known only when all visits have been looked at.
    if (this.bytes + bytes > mostBytes || set.visitors.bytes > mostNumbers / 8) this.#isFull = true
    else {
      this.#sets.set(stretch, set)
      this.bytes += bytes
    }
    return set
  }
}
