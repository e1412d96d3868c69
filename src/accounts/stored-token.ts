import { type Database, inTime, statement } from '../database/open.js'
import { SharedReads } from '../database/shared-reads.js'

/** A row of `access_tokens`, without what it is found by. */
export interface StoredToken {
  ownerId: number
  id: string
  name: string
  /** Empty: everything its owner may, with numbers masked. */
  scopes: string[]
  allowedIps: string[]
  rateLimit: number | null
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
  createdAt: Date
}

/** Columns of a TokenRow from `access_tokens t`. */
export const tokenColumns =
  't.user_id, t.id, t.name, t.scopes, t.allowed_ips, t.rate_limit, t.expires_at, t.last_used_at, t.revoked_at, t.created_at'

/** As PostgreSQL gives them. */
export interface TokenRow {
  user_id: string
  id: string
  name: string
  scopes: string[]
  allowed_ips: string[]
  rate_limit: number | null
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
  created_at: Date
}

export function storedToken(row: TokenRow): StoredToken {
  return {
    ownerId: Number(row.user_id),
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    allowedIps: row.allowed_ips,
    rateLimit: row.rate_limit,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
  }
}

/** What a token is found by: the hash of an opaque one, the owner and the id that a JWT names. */
export type TokenKey = { hash: Buffer } | { ownerId: number; id: string }

/** Tokens, read together for all requests of a moment: somebody who tries many costs the database one statement at a time. */
export type TokenReads = SharedReads<TokenKey, StoredToken | undefined>

export function tokenReads(db: Database): TokenReads {
  const read = async (keys: TokenKey[]) => {
    const asked = [
      keys.map((key) => ('hash' in key ? key.hash.toString('hex') : null)),
      keys.map((key) => ('hash' in key ? null : key.ownerId)),
      keys.map((key) => ('hash' in key ? null : key.id)),
    ]
    const { rows } = await db.pool.query<TokenRow & { nth: string }>(inTime(findTokens(asked)))
    const found = new Map(rows.map((row) => [Number(row.nth), storedToken(row)]))
    return keys.map((_, index) => found.get(index + 1))
  }
  return new SharedReads({ read, most: 1_000, mostInFlight: 2 })
}

// OFFSET 0: each token is looked up by its key, however few tokens there are.
const findTokens = statement(`
SELECT asked.nth, t.* FROM ROWS FROM (unnest($1::text[], $2::int8[], $3::uuid[])) WITH ORDINALITY AS asked (hash, owner, id, nth)
CROSS JOIN LATERAL (
  (SELECT ${tokenColumns} FROM access_tokens t WHERE t.token_hash = decode(asked.hash, 'hex') OFFSET 0)
  UNION ALL
  (SELECT ${tokenColumns} FROM access_tokens t WHERE t.user_id = asked.owner AND t.id = asked.id OFFSET 0)
) t`)
