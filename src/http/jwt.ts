import { hash } from 'node:crypto'
import jwt, { type FastifyJWTOptions, type TokenOrHeader } from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createRemoteJWKSet, errors, exportSPKI } from 'jose'
import type { TokenClaims } from '../accounts/grants.js'
import type { JwtConfig } from '../config.js'
import { bearerToken } from './bearer.js'
import { expiredAt, HttpError, unauthenticated } from './errors.js'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string; exp?: number; scope?: string }
    user: Record<string, unknown>
  }
}

export type JwtKeys = Exclude<JwtConfig, { kind: 'secret' }> | (JwtConfig & { kind: 'secret'; secret: string })

/** Teaches the app to verify bearer JWTs with the configured key and the algorithm that belongs to it. */
export async function acceptJwts(app: FastifyInstance, config: JwtKeys): Promise<void> {
  const claims = {
    ...(config.issuer !== undefined && { allowedIss: config.issuer }),
    ...(config.audience !== undefined && { allowedAud: config.audience }),
    // A claim that is not there would not be checked.
    requiredClaims: [
      ...(config.issuer === undefined ? [] : ['iss']),
      ...(config.audience === undefined ? [] : ['aud']),
    ],
  }
  const algorithm = config.kind === 'secret' ? 'HS256' : config.algorithm
  await app.register(jwt, {
    secret: verificationKey(config),
    ...(config.kind === 'secret' && { sign: { algorithm: 'HS256' as const } }),
    decode: { complete: true },
    verify: { algorithms: [algorithm], cache: true, ...claims, extractToken: (request) => bearerToken(request) },
  })
}

/**
 * What the request's JWT says.
 *
 * @param outputZone of the time in the refusal of an expired one
 * @throws HttpError 401, or 503 when the keys cannot be had
 */
export async function verifiedClaims(request: FastifyRequest, text: string, outputZone: string): Promise<TokenClaims> {
  const claims = await request.jwtVerify<Record<string, unknown>>().catch((error: { code?: string }) => {
    if (error instanceof HttpError) throw error
    if (error.code !== 'FST_JWT_AUTHORIZATION_TOKEN_EXPIRED') throw unauthenticated()
    const { payload } = request.server.jwt.decode<{ payload: { exp: number } }>(text) ?? { payload: { exp: 0 } }
    throw expiredAt(new Date(Math.max(payload.exp * 1000, -latestTime)), outputZone)
  })
  refuseUnknownLimits(claims)
  const ownerId = ownerOf(claims.sub)
  if (ownerId === null) throw unauthenticated()
  const expiresAt = typeof claims.exp === 'number' ? claims.exp * 1000 : Infinity
  const id = rowOf(claims.jti)
  const sender = senderOf(claims)
  return { ownerId, scopes: scopesOf(claims), id, sender, expiresAt: expiresAt > latestTime ? Infinity : expiresAt }
}

/**
 * Claims that would limit a token if they were fields of a stored one. Only `scope` and `exp` of a JWT are enforced: other unknown
 * claims are ignored (RFC 7519 section 4), but whoever wrote one of these meant a token that may do less.
 *
 * @throws HttpError 401
 */
function refuseUnknownLimits(claims: Record<string, unknown>): void {
  const limit = ['allowed_ips', 'rate_limit', 'link_ids', 'expires_at'].find((name) => claims[name] != null)
  if (limit !== undefined) throw unauthenticated(`Token has the claim ${limit}, which this server does not enforce`)
}

/** What a Date can be, in Unix milliseconds. */
const latestTime = 8.64e15

/** `sub` is the owner's number, as text or (against RFC 7519, but seen) as a number. */
function ownerOf(sub: unknown): number | null {
  if (typeof sub !== 'string' && typeof sub !== 'number') return null
  return /^[1-9]\d{0,15}$/.test(String(sub)) && Number.isSafeInteger(Number(sub)) ? Number(sub) : null
}

/** `scope` with spaces (RFC 9068) or `scopes` as an array (Laravel Passport, where `*` stands for all: `admin` here). */
function scopesOf({ scope, scopes }: Record<string, unknown>): ReadonlySet<string> | null {
  if (scope === undefined && scopes === undefined) return null
  const words = [scope, scopes].flat().flatMap((value) => (typeof value === 'string' ? value.split(' ') : []))
  return new Set(words.filter((word) => word !== '').map((word) => (word === '*' ? 'admin' : word)))
}

/** A UUID that stays the same when the token is signed anew. */
function senderOf({ iat, exp, nbf, jti, ...claims }: Record<string, unknown>): string {
  const said = Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1))
  const digits = hash('sha256', JSON.stringify(said), 'hex')
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
}

/** Those that this server gave out have the id of their row in `jti`. */
function rowOf(jti: unknown): string | null {
  return typeof jti === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(jti) ? jti : null
}

function verificationKey(config: JwtKeys): FastifyJWTOptions['secret'] {
  if (config.kind === 'secret') return config.secret
  // No private half: a server with somebody else's key never signs.
  if (config.kind === 'public-key') return { public: config.key }
  const findKey = remoteKeys(new URL(config.url))
  return async (_: FastifyRequest, token: TokenOrHeader) => {
    const header: { alg?: string; kid?: string } = 'header' in token ? token.header : token
    if (header.alg !== config.algorithm) throw unauthenticated()
    const key = await findKey({ alg: config.algorithm, ...(header.kid !== undefined && { kid: header.kid }) }).catch(
      (error: unknown) => {
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
          throw unauthenticated()
        }
        throw new HttpError(503, 'The keys that access tokens are checked with are not available.', {
          headers: { 'retry-after': '30' },
        })
      },
    )
    return exportSPKI(key)
  }
}

/** How far the time of day goes back without anybody having set it. */
const slackMs = 1_000

/**
 * Keys of a key server, which are asked for again after a while. How long ago that was, the library reckons by the time of day: where
 * that was put back, it would trust withdrawn keys for longer, and look for no new ones.
 */
function remoteKeys(url: URL) {
  let keys = createRemoteJWKSet(url)
  let latest = 0
  return (header: Parameters<typeof keys>[0]) => {
    const now = Date.now()
    if (now < latest - slackMs) keys = createRemoteJWKSet(url)
    latest = now
    return keys(header)
  }
}
