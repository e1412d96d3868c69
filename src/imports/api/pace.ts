import { setTimeout as sleep } from 'node:timers/promises'

/** When requests to somebody else's server may go: one after the other, so many a minute, and not while it wants rest. */
export interface Pace {
  /** Resolves when it is one's turn. */
  turn(): Promise<void>
  /** Nobody has a turn for so long. */
  rest(milliseconds: number): void
  /** What an answer says of the server's own limit. */
  heed(headers: Headers): void
}

export interface Clock {
  now(): number
  /** Rejects when the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>
}

export const wallClock: Clock = {
  now: Date.now,
  wait: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
}

const minuteMs = 60_000
/** Of the server's limit: what others of the account are left. */
const share = 0.9
/** Below this part of its limit there is a rest of so long, for whoever else of the account needs the remainder. */
const reserve = 0.05
const reserveRestMs = 5_000

export function openPace(perMinute: number, signal: AbortSignal, clock: Clock): Pace {
  let interval = minuteMs / perMinute
  let next = 0
  return {
    async turn() {
      for (;;) {
        signal.throwIfAborted()
        const now = clock.now()
        if (next <= now) {
          next = now + interval
          return
        }
        await clock.wait(next - now, signal)
      }
    },
    rest(milliseconds) {
      next = Math.max(next, clock.now() + milliseconds)
    },
    heed(headers) {
      const limit = Number(headers.get('x-ratelimit-limit') ?? Number.NaN)
      const remaining = Number(headers.get('x-ratelimit-remaining') ?? Number.NaN)
      if (limit > 0) interval = Math.max(interval, minuteMs / (limit * share))
      if (remaining < limit * reserve) next = Math.max(next, clock.now() + reserveRestMs)
    },
  }
}
