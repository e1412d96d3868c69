import { LRUCache } from 'lru-cache'

/**
 * Whole bodies by their entity tag, which names everything they are made of: they can go stale in no way, so a page asked
 * for again and again costs one read of its link.
 *
 * Kept from the second time on: readers who walk through millions of pages once would only push the others out.
 */
export class ReadyBodies {
  readonly #bodies: LRUCache<string, Buffer>
  readonly #offered = new LRUCache<string, true>({ max: 10_000 })

  /** @param keptBytes how much to keep in memory */
  constructor(keptBytes = 64 * 1024 * 1024) {
    this.#bodies = new LRUCache({ maxSize: keptBytes, sizeCalculation: (body) => body.length })
  }

  find(tag: string): Buffer | undefined {
    return this.#bodies.get(tag)
  }

  offer(tag: string, body: string): void {
    if (this.#offered.has(tag)) this.#bodies.set(tag, Buffer.from(body))
    else this.#offered.set(tag, true)
  }
}
