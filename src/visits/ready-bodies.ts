import { LRUCache } from 'lru-cache'
import { CacheCounts } from '../measures.js'

/**
 * Whole bodies by their entity tag, which names everything they are made of: they can go stale in no way, so a page asked
 * for again and again costs one read of its link.
 *
 * Kept from the second time on: readers who walk through millions of pages once would only push the others out.
 */
export class ReadyBodies {
  readonly counts = new CacheCounts()
  readonly #bodies: LRUCache<string, Buffer>
  readonly #offered = new LRUCache<string, true>({ max: 10_000 })
  readonly #asked = new LRUCache<string, true>({
    max: 10_000,
    maxSize: 4 * 1024 * 1024,
    sizeCalculation: (_, address) => address.length,
  })

  /** @param keptBytes how much to keep in memory */
  constructor(keptBytes = 64 * 1024 * 1024) {
    this.#bodies = new LRUCache({ maxSize: keptBytes, sizeCalculation: (body) => body.length })
  }

  /** Whether an address is asked for the first time in a while, so that there will be no body of it. */
  isNew(address: string): boolean {
    if (this.#asked.get(address)) return false
    this.#asked.set(address, true)
    return true
  }

  find(tag: string): Buffer | undefined {
    const body = this.#bodies.get(tag)
    this.counts[body === undefined ? 'misses' : 'hits'] += 1
    return body
  }

  offer(tag: string, body: Buffer): void {
    if (this.#offered.has(tag)) this.#bodies.set(tag, body)
    else this.#offered.set(tag, true)
  }
}
