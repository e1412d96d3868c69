import type { Owner } from './owners.js'
import type { Caller } from './scopes.js'
import type { StoredToken } from './stored-token.js'

/** A token as lists show it. Nothing of it can be used to prove oneself. */
export function tokenResource(token: StoredToken) {
  return {
    id: token.id,
    name: token.name,
    scopes: shownScopes(token.scopes),
    allowed_ips: token.allowedIps,
    rate_limit: token.rateLimit,
    expires_at: shownTime(token.expiresAt),
    last_used_at: shownTime(token.lastUsedAt),
    revoked_at: shownTime(token.revokedAt),
    created_at: shownTime(token.createdAt),
  }
}

/**
 * Who the caller is, and by which token.
 *
 * @param owner null where nothing of it is stored yet
 */
export function callerResource({ ownerId, scopes, token }: Caller, owner: Owner | null) {
  return {
    id: ownerId,
    name: owner?.name ?? null,
    created_at: shownTime(owner?.createdAt ?? null),
    token: {
      id: token.id,
      name: token.name,
      scopes: shownScopes(scopes === null ? [] : [...scopes]),
      allowed_ips: [...token.allowedIps],
      rate_limit: token.rateLimit,
      expires_at: shownTime(token.expiresAt),
      created_at: shownTime(token.createdAt),
    },
  }
}

/** A token without scopes may do what `admin` may. */
function shownScopes(scopes: string[]): string[] {
  return scopes.length === 0 ? ['admin'] : scopes
}

/** A time with microseconds, the form that links have too (docs/api-contract.md section 4). */
function shownTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace('Z', '000Z')
}
