import type { FastifyRequest } from 'fastify'
import { tokenHash } from '../accounts/token-text.js'
import { growingCache } from '../growing-cache.js'
import { addressOf } from './counting.js'

/**
 * Who guesses tokens has to wait, each time twice as long, and nothing that they send meanwhile is looked at.
 *
 * Failures are counted for an address and the beginning of the token: a program that goes on with a token that was revoked, or somebody
 * who tries how a token ends, keeps nobody else at the address from being let in, not even with a token that was never seen there. Whoever
 * tries ever other beginnings is counted for the address: then only tokens that were accepted from there before are looked at.
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
  refused(request: Address, token: string, now: number): number
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
/** Addresses, beginnings of tokens at addresses, and tokens that were accepted from them. */
const mostKnown = 20_000
/** Beginnings that an address may be refused, in multiples of what a beginning may be. */
const beginningsOfAddress = 5
/** Of 40 letters and digits: nobody guesses the others. */
const beginningLength = 8

/** @param limit failures a minute before the first wait; 0: any number */
export function watchFailedAttempts(limit: number): FailedAttempts {
  const beginnings = lockouts(limit)
  const addresses = lockouts(limit * beginningsOfAddress)
  const accepted = growingCache<string, true>(mostKnown)
  const keyOf = (request: Address, text: string) => `${addressOf(request)} ${text}`
  const hashed = (token: string) => tokenHash(token).toString('base64')
  const beginningOf = (token: string) => {
    // All JWTs begin alike; what they say is before the signature.
    const end = token.lastIndexOf('.')
    return end < 0 ? token.slice(0, beginningLength) : hashed(token.slice(0, end))
  }
  return {
    waitBefore(request, token, now) {
      const waitMs = Math.max(
        addresses.waitMs(addressOf(request), now),
        beginnings.waitMs(keyOf(request, beginningOf(token)), now),
      )
      return waitMs === 0 || accepted.has(keyOf(request, hashed(token))) ? 0 : waitMs
    },
    refused(request, token, now) {
      if (limit === 0) return 0
      const { waitMs, isFirst } = beginnings.add(keyOf(request, beginningOf(token)), now)
      return isFirst ? Math.max(waitMs, addresses.add(addressOf(request), now).waitMs) : waitMs
    },
    accepted(request, token) {
      if (limit > 0) accepted.set(keyOf(request, hashed(token)), true)
    },
  }
}

/** Counts failures by a key, which has to wait after too many in a minute. */
function lockouts(limit: number) {
  const known = growingCache<string, Attempts>(mostKnown)
  const isForgotten = (at: Attempts, now: number) => now >= Math.max(at.waitsUntil, at.until) + longestWaitMs
  return {
    waitMs: (key: string, now: number) => Math.max(0, (known.get(key)?.waitsUntil ?? 0) - now),
    /** @returns how long it has to wait, and whether this was the first failure of a minute */
    add(key: string, now: number): { waitMs: number; isFirst: boolean } {
      const before = known.get(key)
      const fresh = { failures: 0, until: now + windowMs, waits: 0, waitsUntil: 0 }
      const at = before === undefined || isForgotten(before, now) ? fresh : before
      known.set(key, at)
      if (now < at.waitsUntil) return { waitMs: at.waitsUntil - now, isFirst: false }
      if (now >= at.until) Object.assign(at, { failures: 0, until: now + windowMs })
      at.failures += 1
      const isFirst = at.failures === 1
      if (at.failures <= limit) return { waitMs: 0, isFirst }
      at.failures = 0
      at.waits += 1
      at.waitsUntil = now + Math.min(windowMs * 2 ** (at.waits - 1), longestWaitMs)
      at.until = at.waitsUntil + windowMs
      return { waitMs: at.waitsUntil - now, isFirst }
    },
  }
}
