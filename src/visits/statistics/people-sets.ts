import { type Chunk, partOf } from './chunk.js'
import { NumberSet } from './number-set.js'

/** Who is behind the people's visits of some chunks. */
export interface PeopleSet {
  visitors: NumberSet
  recipients: NumberSet
}

/** Chunks that have a set together. */
const chunksOfSet = 16

/** A set takes a bit for each number there is: beyond this, looking at the visits is no slower and takes no memory. */
const mostNumbers = 2 ** 21

/**
 * Visitors and recipients of stretches of a log that do not change any more, so that a range of a million visits is told apart by
 * joining a few sets instead of looking at every visit.
 */
export class PeopleSets {
  readonly #size: number
  readonly #sets = new Map<number, PeopleSet>()

  /** @param size positions of a chunk */
  constructor(size: number) {
    this.#size = size
  }

  get bytes(): number {
    let bytes = 0
    for (const { visitors, recipients } of this.#sets.values()) bytes += visitors.bytes + recipients.bytes
    return bytes
  }

  clear(): void {
    this.#sets.clear()
  }

  /**
   * Stretches of which every chunk is wanted whole.
   *
   * @param end everything up to here is in the chunks
   */
  stretches(chunks: Iterable<Chunk>, end: number, isWhole: (chunk: Chunk) => boolean): Map<number, Chunk[]> {
    const found = new Map<number, Chunk[]>()
    const others = new Set<number>()
    for (const chunk of chunks) {
      const stretch = this.stretchOf(chunk)
      if (others.has(stretch)) continue
      if ((stretch + 1) * chunksOfSet * this.#size > end || !isWhole(chunk)) {
        others.add(stretch)
        found.delete(stretch)
      } else {
        const members = found.get(stretch)
        if (members === undefined) found.set(stretch, [chunk])
        else members.push(chunk)
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

  /** @param chunks all of the stretch, with their visitors and recipients in memory */
  keep(stretch: number, chunks: Chunk[], numbers: number): void {
    if (numbers > mostNumbers) return
    const set = { visitors: new NumberSet(), recipients: new NumberSet() }
    for (const chunk of chunks) {
      set.visitors.addAll(partOf(chunk, 'visitors').subarray(0, chunk.length))
      set.recipients.addAll(partOf(chunk, 'recipients').subarray(0, chunk.length))
    }
    this.#sets.set(stretch, set)
  }
}
