import type { FastifyRequest } from 'fastify'
import { tokenHash } from '../accounts/token-text.js'
import { growingCache } from '../growing-cache.js'
import { addressOf } from './counting.js'

/**
 * Who guesses tokens has to wait, each time twice as long, and nothing that they send meanwhile is looked at. Others at the same
 * address do not notice: a token that was accepted from there before is looked at all the while.
 */
export interface FailedAttempts {
  /**
   * @param now milliseconds (elapsedMs)
   * @returns milliseconds for which this token is not looked at; 0: it is
   */
  waitBefore(request: Address, token: string, now: number): number
  /**
   * A token from this address was refused.
   *
   * @param now milliseconds (elapsedMs)
   * @returns milliseconds to wait; 0 while there were few
   */
  refused(request: Address, now: number): number
  accepted(request: Address, token: string): void
}

type Address = Pick<FastifyRequest, 'ip'>

interface Attempts {
  failures: number
  /** End of the minute in which they are counted. */
  until: number
  /** How often it has had to wait, and until when. */
  waits: number
  waitsUntil: number
}

const windowMs = 60_000
const longestWaitMs = 900_000
/** Addresses, and tokens that were accepted from them. */
const mostKnown = 20_000

/** @param limit failures a minute before the first wait; 0: any number */
export function watchFailedAttempts(limit: number): FailedAttempts {
  const known = growingCache<string, Attempts>(mostKnown)
  const accepted = growingCache<string, true>(mostKnown)
  const keyOf = (request: Address, token: string) => `${addressOf(request)} ${tokenHash(token).toString('base64')}`
  return {
    waitBefore(request, token, now) {
      const waitMs = (known.get(addressOf(request))?.waitsUntil ?? 0) - now
      return waitMs <= 0 || accepted.has(keyOf(request, token)) ? 0 : waitMs
    },
    refused(request, now) {
      if (limit === 0) return 0
      const address = addressOf(request)
      const before = known.get(address)
      const isForgotten = before === undefined || now >= Math.max(before.waitsUntil, before.until) + longestWaitMs
      const at = isForgotten ? { failures: 0, until: now + windowMs, waits: 0, waitsUntil: 0 } : before
      known.set(address, at)
      if (now < at.waitsUntil) return at.waitsUntil - now
      if (now >= at.until) Object.assign(at, { failures: 0, until: now + windowMs })
      at.failures += 1
      if (at.failures <= limit) return 0
      at.failures = 0
      at.waits += 1
      at.waitsUntil = now + Math.min(windowMs * 2 ** (at.waits - 1), longestWaitMs)
      at.until = at.waitsUntil + windowMs
      return at.waitsUntil - now
    },
    accepted(request, token) {
      if (limit > 0) accepted.set(keyOf(request, token), true)
    },
  }
}
