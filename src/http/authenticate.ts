import jwt, { type FastifyJWTOptions, type TokenOrHeader } from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createRemoteJWKSet, errors, exportSPKI } from 'jose'
import { type Caller, may, type Scope } from '../accounts/scopes.js'
import type { JwtConfig } from '../config.js'
import { forbidden, HttpError, unauthenticated } from './errors.js'
import { isRepeated } from './headers.js'
import { formatTime } from './time.js'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The scope a token needs for this route. */
    scope?: Scope
  }
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string; exp?: number; scope?: string }
    user: Record<string, unknown>
  }
}

/** A token longer than this proves nothing and is not looked at. */
const longestToken = 8192

export type JwtKeys = Exclude<JwtConfig, { kind: 'secret' }> | (JwtConfig & { kind: 'secret'; secret: string })

/** Teaches the app to verify bearer JWTs with the configured key and the algorithm that belongs to it. */
export async function acceptTokens(app: FastifyInstance, config: JwtKeys): Promise<void> {
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
  app.decorateRequest('caller')
}

/** Every route of this scope requires a caller whose token carries the route's `config.scope`. */
export function requireCaller(api: FastifyInstance, outputZone: string): void {
  api.addHook('onRequest', async (request) => {
    request.caller = await authenticate(request, outputZone)
    const { scope } = request.routeOptions.config
    if (scope !== undefined && !may(request.caller, scope)) throw forbidden(scope)
  })
}

/** @throws HttpError 401 with `WWW-Authenticate` (RFC 6750, contract.md section 5) */
async function authenticate(request: FastifyRequest, outputZone: string): Promise<Caller> {
  const token = bearerToken(request)
  if (token === undefined) throw unauthenticated('Unauthenticated.', false)
  const claims = await request.jwtVerify<Record<string, unknown>>().catch((error: { code?: string }) => {
    if (error instanceof HttpError) throw error
    if (error.code !== 'FST_JWT_AUTHORIZATION_TOKEN_EXPIRED') throw unauthenticated()
    const { payload } = request.server.jwt.decode<{ payload: { exp: number } }>(token) ?? { payload: { exp: 0 } }
    throw unauthenticated(`Token was expired at ${formatTime(new Date(payload.exp * 1000), outputZone)}`)
  })
  const ownerId = ownerOf(claims.sub)
  if (ownerId === null) throw unauthenticated()
  return { ownerId, scopes: scopesOf(claims) }
}

/**
 * The header wins; the query parameter is for clients that cannot send headers, and counts only without one. What is no
 * single bearer token is '', which proves nothing.
 */
function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  const { access_token: parameter } = request.query as { access_token?: unknown }
  const isOne = header !== undefined && !isRepeated(request, 'authorization')
  const given = isOne ? /^Bearer +([^ ]+) *$/i.exec(header)?.[1] : ''
  const token = header === undefined ? parameter : (given ?? '')
  if (typeof token !== 'string') return undefined
  return token.length > longestToken ? '' : token
}

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

function verificationKey(config: JwtKeys): FastifyJWTOptions['secret'] {
  if (config.kind === 'secret') return config.secret
  // No private half: a server with somebody else's key never signs.
  if (config.kind === 'public-key') return { public: config.key }
  const findKey = createRemoteJWKSet(new URL(config.url))
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
