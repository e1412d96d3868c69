import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseAway, isLockTimeout } from './errors.js'

/** Work in the background that comes round again and again. */
export interface Rounds {
  /** Begins a round, or another one after the one in hand. */
  look(): void
  /** Ends after the step in hand. */
  close(): Promise<void>
}

/** Takes steps until one says that there is no more, or does not get a lock: then the next round goes on, and others are not kept waiting. */
export type AllOf = (step: () => Promise<boolean>) => Promise<void>

export interface RoundsOptions {
  /** Milliseconds. */
  everyMs: number
  /** @param signal after it no step is taken */
  round(allOf: AllOf, signal: AbortSignal): Promise<void>
  /** What went wrong, other than that the database is away: the next round goes on. */
  onError(error: unknown): void
}

/** A round at the start, and then every so often. Steps rest as long as they work, so that clicks have half of the database at least. */
export function openRounds({ everyMs, round, onError }: RoundsOptions): Rounds {
  const closing = new AbortController()
  const { signal } = closing
  let isWanted = false
  let working: Promise<void> | null = null

  const allOf: AllOf = async (step) => {
    for (let isMore = true; isMore && !signal.aborted; ) {
      const start = performance.now()
      isMore = await step().catch(unlessLocked)
      if (isMore) await sleep(performance.now() - start, undefined, { signal }).catch(() => {})
    }
  }
  const work = async () => {
    while (isWanted && !signal.aborted) {
      isWanted = false
      await round(allOf, signal)
    }
  }
  const look = () => {
    isWanted = true
    working ??= work()
      .catch((error) => {
        if (!isDatabaseAway(error)) onError(error)
      })
      .finally(() => {
        working = null
      })
  }

  const timer = setInterval(look, everyMs)
  timer.unref()
  look()
  return {
    look,
    async close() {
      clearInterval(timer)
      closing.abort()
      await working
    },
  }
}

function unlessLocked(error: unknown): false {
  if (isLockTimeout(error)) return false
  throw error
}
