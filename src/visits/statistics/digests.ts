import { LRUCache } from 'lru-cache'
import type { Database } from '../../database/open.js'
import { searchTimeoutMs } from '../filtered.js'
import { chunkSize } from './chunk.js'
import { Digest } from './digest.js'
import { restWhileBusy } from './rest.js'
import type { StatisticsSource } from './source.js'

export interface DigestsOptions {
  /** Positions of a chunk: a multiple of 64. */
  size?: number
  /** How much to keep in memory. What one answer needs may be more. */
  keptBytes?: number
  /** How long an answer may take. */
  limitMs?: number
}

/** Digests of the logs that were asked about lately. */
export class Digests {
  readonly db: Database
  readonly size: number
  readonly limitMs: number
  readonly #keptBytes: number
  readonly #kept: LRUCache<string, Digest>
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #preparing = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()

  constructor(db: Database, options: DigestsOptions = {}) {
    const { size = chunkSize, keptBytes = 256 * 1024 * 1024, limitMs = searchTimeoutMs } = options
    this.db = db
    this.size = size
    this.limitMs = limitMs
    this.#keptBytes = keptBytes
    this.#kept = new LRUCache({ maxSize: keptBytes })
  }

  /** Works with the digest of a log; whoever else wants the same one comes next. */
  async use<T>(source: StatisticsSource, work: (digest: Digest) => Promise<T>): Promise<T> {
    const key = keyOf(source)
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

  /**
   * Goes on with what took too long for an answer, so that a later one has less to do. Answers that come meanwhile have their turn
   * between two steps, and in a busy process half of the time is others'.
   *
   * @param step tells whether it was the last one
   */
  prepare(source: StatisticsSource, step: (digest: Digest) => Promise<boolean>): void {
    const key = keyOf(source)
    if (this.#preparing.has(key)) return
    const { signal } = this.#closing
    const work = async () => {
      while (!signal.aborted) {
        const start = performance.now()
        if (await this.use(source, step)) return
        await restWhileBusy(performance.now() - start, signal)
      }
    }
    // What fails is tried again by the next answer, which says so.
    const preparing = work()
      .catch(() => {})
      .finally(() => this.#preparing.delete(key))
    this.#preparing.set(key, preparing)
  }

  /** Ends what is prepared after the step in hand. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#preparing.values())
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

const keyOf = ({ ownerId, linkId }: StatisticsSource) => `${ownerId}/${linkId ?? 0}`
