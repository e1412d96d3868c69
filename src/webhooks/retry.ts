/** The longest pause between two tries, and the longest that a receiver can ask for. */
const longestPauseMs = 30 * 60_000
const longestAskedMs = 60 * 60_000

export interface RetryOptions {
  /** How often it was tried, this time included. */
  attempts: number
  baseMs: number
  /** What the receiver asked for, with 429 or 503. */
  askedMs?: number | null
  /** From 0 to 1. */
  random?: () => number
}

/**
 * How long to wait before the next try, in milliseconds: anything up to a limit that doubles each time, so that many who
 * failed together do not come back together ("full jitter"). No less than the receiver asked for, within reason.
 */
export function retryDelayMs({ attempts, baseMs, askedMs = null, random = Math.random }: RetryOptions): number {
  const limit = Math.min(baseMs * 2 ** Math.min(attempts - 1, 30), longestPauseMs)
  return Math.round(Math.max(random() * limit, Math.min(askedMs ?? 0, longestAskedMs)))
}

/** `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from now; null when it is not there or says nothing. */
export function askedDelayMs(header: string | undefined, now: number = Date.now()): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const time = /^[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? null : Math.max(0, time - now)
}
