import { createSigner } from 'fast-jwt'
import type { JwtKeys } from '../http/jwt.js'

export interface SignedToken {
  ownerId: number
  /** Of its row, where it has one. */
  id: string
  /** Empty: everything its owner may, with numbers masked. */
  scopes: string[]
  /** To the second: that is all a JWT can say. */
  expiresAt: Date | null
}

/** A JWT signed with the server's secret. */
export function signToken(keys: JwtKeys & { kind: 'secret' }, token: SignedToken): string {
  const { ownerId, id, scopes, expiresAt } = token
  const sign = createSigner({
    key: keys.secret,
    algorithm: 'HS256',
    ...(keys.issuer !== undefined && { iss: keys.issuer }),
    ...(keys.audience !== undefined && { aud: keys.audience }),
  })
  return sign({
    sub: String(ownerId),
    jti: id,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(expiresAt !== null && { exp: Math.floor(expiresAt.getTime() / 1000) }),
  })
}
