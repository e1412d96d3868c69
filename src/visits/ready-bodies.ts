import { LRUCache } from 'lru-cache'
import type { Shown } from '../audit/read.js'
import { growingCache } from '../growing-cache.js'
import { CacheCounts } from '../measures.js'

/** A body, and what it shows. */
export interface ReadyBody {
  body: Buffer
  shown: Shown
}

/**
 * Whole bodies by their entity tag, which names everything they are made of: they can go stale in no way, so a page asked
 * for again and again costs one read of its link.
 *
 * Kept from the second time on: readers who walk through millions of pages once would only push the others out.
 */
export class ReadyBodies {
  readonly counts = new CacheCounts()
  readonly #bodies: LRUCache<string, ReadyBody>
  readonly #offered = growingCache<string, true>(10_000)
  readonly #asked = new LRUCache<string, true>({
    maxSize: 4 * 1024 * 1024,
    // At least as much as makes them 10,000, which most of them are shorter than.
    sizeCalculation: (_, address) => Math.max(420, address.length),
  })

  /** @param keptBytes how much to keep in memory */
  constructor(keptBytes = 64 * 1024 * 1024) {
    this.#bodies = new LRUCache({ maxSize: keptBytes, sizeCalculation: ({ body }) => body.length })
  }

  /** Whether an address is asked for the first time in a while, so that there will be no body of it. */
  isNew(address: string): boolean {
    if (this.#asked.get(address)) return false
    this.#asked.set(address, true)
    return true
  }

  find(tag: string): ReadyBody | undefined {
    const found = this.#bodies.get(tag)
    this.counts[found === undefined ? 'misses' : 'hits'] += 1
    return found
  }

  offer(tag: string, made: ReadyBody): void {
    if (this.#offered.has(tag)) this.#bodies.set(tag, made)
    else this.#offered.set(tag, true)
  }
}
