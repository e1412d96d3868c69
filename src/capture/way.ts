import type { NewVisit } from '../visits/visit.js'
import type { Committed } from './commit.js'

/** How visits become safe: in the log itself (log-way.ts), or in a queue in front of it (queue/queue-way.ts). */
export interface Way {
  /** As messages name it. */
  name: string
  /** How many batches it takes at once. */
  lanes: number
  /** Whether it says of each visit if its link has been opened as often as it may (`max_visits`), so that it is worth waiting for. */
  keepsLimits: boolean
  /**
   * Makes a batch of one owner's visits safe, in the order given. Doing it twice is harmless.
   *
   * @throws when it is not certain that all of them are; some may be
   */
  commit(ownerId: number, visits: NewVisit[], options: WayOptions): Promise<Committed>
  /** Rejects while it is away. */
  probe(signal: AbortSignal): Promise<void>
  /** Whether an error of `commit` or `probe` means that nothing can be committed for now. */
  isAway(error: unknown): boolean
  /** Whether an error of `commit` says something of this owner only, such as that somebody else keeps its lock. */
  isStuck(error: unknown): boolean
}

export interface WayOptions {
  /** Links keep to their `max_visits` where that is known at once. */
  isLimited: boolean
  /** How long to wait for the owner's lock, in milliseconds; without it, as long as usual. */
  lockMs?: number
  /** Ends it at once. */
  signal: AbortSignal
}
