import { LRUCache } from 'lru-cache'
import type { Database } from '../../database/open.js'
import { chunkSize } from './chunk.js'
import { Digest } from './digest.js'
import type { StatisticsSource } from './source.js'

export interface DigestsOptions {
  /** Positions of a chunk: a multiple of 64. */
  size?: number
  /** How much to keep in memory. What one answer needs may be more. */
  keptBytes?: number
}

/** Digests of the logs that were asked about lately. */
export class Digests {
  readonly db: Database
  readonly size: number
  readonly #keptBytes: number
  readonly #kept: LRUCache<string, Digest>
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(db: Database, { size = chunkSize, keptBytes = 256 * 1024 * 1024 }: DigestsOptions = {}) {
    this.db = db
    this.size = size
    this.#keptBytes = keptBytes
    this.#kept = new LRUCache({ maxSize: keptBytes })
  }

  /** Works with the digest of a log; whoever else wants the same one comes next. */
  async use<T>(source: StatisticsSource, work: (digest: Digest) => Promise<T>): Promise<T> {
    const key = `${source.ownerId}/${source.linkId ?? 0}`
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(async () => {
      const digest = this.#kept.get(key) ?? new Digest(source, this.size)
      try {
        return await work(digest)
      } finally {
        this.#keep(key, digest)
      }
    })
    const settled = turn.catch(() => {})
    this.#turns.set(key, settled)
    void settled.then(() => this.#turns.get(key) === settled && this.#turns.delete(key))
    return turn
  }

  #keep(key: string, digest: Digest): void {
    // What filters have left is found again sooner than a log is read.
    digest.remembered.shrinkTo(this.#keptBytes / 4)
    if (digest.bytes > this.#keptBytes) digest.remembered.shrinkTo(0)
    const { bytes } = digest
    if (bytes <= this.#keptBytes) this.#kept.set(key, digest, { size: bytes })
    else this.#kept.delete(key)
  }
}
