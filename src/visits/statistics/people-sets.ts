import { LRUCache } from 'lru-cache'
import type { Chunk } from './chunk.js'
import { NumberSet } from './number-set.js'
import { isAllOfFilter, type LookedAt, type Seen } from './selection.js'

/** Who is behind the people's visits of some chunks. */
export class PeopleSet {
  readonly visitors = new NumberSet()
  readonly recipients = new NumberSet()

  get bytes(): number {
    return this.visitors.bytes + this.recipients.bytes
  }

  add({ visitors, recipients }: PeopleSet): void {
    this.visitors.addSet(visitors)
    this.recipients.addSet(recipients)
  }

  clear(): void {
    this.visitors.clear()
    this.recipients.clear()
  }
}

/** Chunks that have a set together. */
const chunksOfSet = 16

/** A set takes a bit for each number there is: beyond this, looking at the visits is no slower and takes no memory. */
const mostNumbers = 2 ** 21

const mostBytes = 32 * 1024 * 1024

/** Ranges that are asked about in turns. */
const mostJoined = 8

/**
 * Visitors and recipients of stretches of a log that do not change any more, so that a range of a million visits is told apart by
 * joining a few sets instead of looking at every visit.
 */
export class PeopleSets {
  readonly #size: number
  readonly #sets = new Map<number, PeopleSet>()
  /** By their stretches. */
  readonly #joined = new LRUCache<string, PeopleSet>({ max: mostJoined })
  #isFull = false
  #bytes = 0

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
    // How many people there are is known only when all visits have been looked at.
    if (this.#bytes + set.bytes > mostBytes || isLarge(set)) this.#isFull = true
    else {
      this.#sets.set(stretch, set)
      this.#bytes += set.bytes
    }
    return set
  }

  /** Everybody of these stretches, when they were asked for together lately. Not to be changed. */
  joined(stretches: Iterable<number>): PeopleSet | undefined {
    return this.#joined.get([...stretches].join())
  }

  /** @returns the set, whether there is room to keep it or not */
  keepJoined(stretches: Iterable<number>, set: PeopleSet): PeopleSet {
    if (!isLarge(set)) this.#joined.set([...stretches].join(), set)
    return set
  }

  get bytes(): number {
    let bytes = this.#bytes
    for (const joined of this.#joined.values()) bytes += joined.bytes
    return bytes
  }
}

const isLarge = ({ visitors }: PeopleSet) => visitors.bytes > mostNumbers / 8
