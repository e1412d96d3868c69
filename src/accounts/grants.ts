import { LRUCache } from 'lru-cache'
import type { Notifications } from '../database/notifications.js'
import type { Database } from '../database/open.js'
import { CacheCounts } from '../measures.js'
import { addressFilter } from './allowed-ips.js'
import { longestTrustMs } from './revoke-everywhere.js'
import type { Caller } from './scopes.js'
import { type StoredToken, tokenReads } from './stored-token.js'
import { isTokenText, tokenHash } from './token-text.js'

/** What an accepted token lets whoever sends it do; the same object for every request with it. */
export interface Grant {
  readonly caller: Caller
  /** Unix milliseconds; Infinity where it never expires. */
  readonly expiresAt: number
  /** Whether it may be used from an address; null: from all. */
  readonly allows: ((ip: string) => boolean) | null
  /** When it was last used; null where nobody keeps that. Unix milliseconds. */
  usedAt: number | null
}

/** What a JWT says, its signature being right. */
export interface TokenClaims {
  ownerId: number
  scopes: ReadonlySet<string> | null
  /** `jti`, where it can be the id of a row. */
  id: string | null
  /** Same meaning as in CallerToken, for a token whose id has no row. */
  sender: string
  /** Unix milliseconds; Infinity without `exp`. */
  expiresAt: number
}

/** Accepted tokens in memory. */
export interface Grants {
  /**
   * What this text was found to be a few seconds ago at most, when no revocation was announced since. Kept by the text itself,
   * without hashing it for each request: a map compares texts only when their hashes, whose seed is secret, are equal, so
   * that the time it takes says nothing of what would be right.
   */
  known(text: string): Grant | undefined
  /** Whether that is still so of a grant that was given a moment ago. */
  isCurrent(text: string, caller: Caller): boolean
  /** An opaque token; null for an unknown or revoked one. */
  ofText(text: string): Promise<Grant | null>
  /** A JWT, with what its row adds: where it may be used, how often, and whether it is revoked. Without a row it counts alone. */
  ofClaims(text: string, claims: TokenClaims): Promise<Grant | null>
  readonly counts: CacheCounts
  close(): void
}

export interface GrantsDeps {
  db: Database
  notifications: Pick<Notifications, 'subscribe' | 'isListening'>
}

/**
 * A revocation is announced to every process (revoke-token.ts): nothing that was known before is trusted then. Also without any
 * word (a row that was changed by hand) nothing is trusted for long.
 */
export function openGrants({ db, notifications }: GrantsDeps): Grants {
  const reads = tokenReads(db)
  const cache = new LRUCache<string, { grant: Grant; until: number }>({
    maxSize: 32 * 1024 * 1024,
    sizeCalculation: (_, text) => text.length + 1_000,
  })
  const counts = new CacheCounts()
  let epoch = 0
  const close = notifications.subscribe('access_tokens', () => {
    epoch += 1
    cache.clear()
  })

  /** Not what was read before a word that came meanwhile, and no longer than if it had been read when it was asked for. */
  const remember = (text: string, grant: Grant, since: { epoch: number; time: number }) => {
    const until = since.time + longestTrustMs
    if (since.epoch === epoch && notifications.isListening()) cache.set(text, { grant, until })
    return grant
  }
  const trusted = (text: string): Grant | undefined => {
    const entry = cache.get(text)
    return entry !== undefined && performance.now() < entry.until && notifications.isListening()
      ? entry.grant
      : undefined
  }
  // By a clock that nobody sets: trust must not last longer because the time of day was put back.
  const moment = () => ({ epoch, time: performance.now() })

  return {
    known(text) {
      const grant = trusted(text)
      counts[grant === undefined ? 'misses' : 'hits'] += 1
      return grant
    },
    isCurrent(text, caller) {
      const grant = trusted(text)
      return grant?.caller === caller && Date.now() <= grant.expiresAt
    },
    async ofText(text) {
      const since = moment()
      const stored = isTokenText(text) ? await reads.find({ hash: tokenHash(text) }) : undefined
      if (stored === undefined || stored.revokedAt !== null) return null
      return remember(text, storedGrant(stored, scopesOf(stored), Infinity), since)
    },
    async ofClaims(text, { ownerId, scopes, id, sender, expiresAt }) {
      const since = moment()
      const stored = id === null ? undefined : await reads.find({ ownerId, id })
      if (stored === undefined) return remember(text, signedGrant(ownerId, scopes, sender, expiresAt), since)
      return stored.revokedAt === null ? remember(text, storedGrant(stored, scopes, expiresAt), since) : null
    },
    counts,
    close,
  }
}

function storedGrant(stored: StoredToken, scopes: Caller['scopes'], signedUntil: number): Grant {
  const { ownerId, id, name, allowedIps, rateLimit, expiresAt, createdAt } = stored
  return {
    caller: { ownerId, scopes, token: { id, sender: id, name, allowedIps, rateLimit, expiresAt, createdAt } },
    expiresAt: Math.min(expiresAt?.getTime() ?? Infinity, signedUntil),
    allows: allowedIps.length === 0 ? null : addressFilter(allowedIps),
    usedAt: stored.lastUsedAt?.getTime() ?? 0,
  }
}

function signedGrant(ownerId: number, scopes: Caller['scopes'], sender: string, signedUntil: number): Grant {
  const expiresAt = signedUntil === Infinity ? null : new Date(signedUntil)
  const token = { id: null, sender, name: null, allowedIps: [], rateLimit: null, expiresAt, createdAt: null }
  return { caller: { ownerId, scopes, token }, expiresAt: signedUntil, allows: null, usedAt: null }
}

function scopesOf({ scopes }: StoredToken): Caller['scopes'] {
  return scopes.length === 0 ? null : new Set(scopes)
}
