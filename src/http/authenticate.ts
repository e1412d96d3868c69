import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Grant, Grants } from '../accounts/grants.js'
import { type Caller, may, type Scope } from '../accounts/scopes.js'
import type { TokenUses } from '../accounts/token-uses.js'
import { bearerToken } from './bearer.js'
import { elapsedMs } from './counting.js'
import { expiredAt, forbidden, HttpError, tooManyRequests, unauthenticated } from './errors.js'
import { watchFailedAttempts } from './failed-attempts.js'
import { verifiedClaims } from './jwt.js'
import { plainAddress } from './proxy-headers.js'
import type { RateLimits } from './rate-limit.js'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** The scope a token needs for this route. */
    scope?: Scope
    /** Set for every route that asks for a token, so that the API's document says so. */
    needsCaller?: boolean
  }
}

export interface CallerDeps {
  grants: Grants
  uses: TokenUses
  limits: RateLimits
  /** How often an address may be refused a token in a minute, before it has to wait; 0: any number. */
  authFailuresLimit: number
  outputZone: string
}

/**
 * Every route of this scope requires a caller: its token is accepted, its requests are counted, and it carries the route's
 * `config.scope`. It is asked again when a body has arrived, and before an answer to a GET goes out: either may take long, and
 * the token may have been revoked meanwhile.
 *
 * No promise for a token that was seen a moment ago: this is on the way of every answer.
 *
 * @returns how an answer that goes out part by part asks again
 */
export function requireCaller(api: FastifyInstance, deps: CallerDeps): Welcome {
  const { grants, uses, limits, authFailuresLimit, outputZone } = deps
  const failures = watchFailedAttempts(authFailuresLimit)

  api.addHook('onRoute', (route) => {
    route.config = { ...route.config, needsCaller: true }
  })
  api.addHook('onRequest', (request, reply, done) => {
    const pending = admit(request, reply)
    if (pending !== undefined) return pending
    done()
  })
  api.addHook('preValidation', (request, _, done) => {
    if (request.body === undefined || isAsBefore(request)) return done()
    stillWelcome(request).then(() => done(), done)
  })
  api.addHook('onSend', (request, reply, payload, done) => {
    const isAsked = request.method === 'GET' && reply.statusCode === 200 && !(payload instanceof Readable)
    if (!isAsked || isAsBefore(request)) return done(null, payload)
    stillWelcome(request).then(() => done(null, payload), done)
  })

  function admit(request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const text = bearerToken(request)
    if (text === undefined) throw unauthenticated('Unauthenticated.', false)
    const known = grants.known(text)
    return known === undefined ? learn(request, reply, text) : welcome(request, reply, text, known)
  }

  async function learn(request: FastifyRequest, reply: FastifyReply, text: string): Promise<void> {
    const waitMs = failures.waitBefore(request, text, elapsedMs())
    if (waitMs > 0) throw tooManyRequests(authFailuresLimit, waitMs)
    const grant = await grantOf(request, text).catch((error: unknown) => {
      throw error instanceof HttpError && error.status === 401 ? refused(request, text, error) : error
    })
    failures.accepted(request, text)
    return welcome(request, reply, text, grant)
  }

  /** @throws HttpError 401 */
  async function grantOf(request: FastifyRequest, text: string): Promise<Grant> {
    const isJwt = text.includes('.')
    const grant = isJwt
      ? await grants.ofClaims(text, await verifiedClaims(request, text, outputZone))
      : await grants.ofText(text)
    if (grant === null) throw unauthenticated()
    return grant
  }

  function welcome(request: FastifyRequest, reply: FastifyReply, text: string, grant: Grant): void | Promise<void> {
    const now = Date.now()
    if (now > grant.expiresAt) throw refused(request, text, expiredAt(new Date(grant.expiresAt), outputZone))
    if (grant.allows !== null && !grant.allows(request.ip)) throw refused(request, text, foreignAddress(request.ip))
    request.caller = grant.caller
    uses.note(grant, now)
    const counting = limits.count(request, reply)
    if (counting !== undefined) return counting.then(() => requireScope(request.caller, scopeOf(request)))
    requireScope(request.caller, scopeOf(request))
  }

  /** What a refused token is answered with. */
  function refused(request: FastifyRequest, text: string, error: HttpError): HttpError {
    const waitMs = failures.refused(request, text, elapsedMs())
    return waitMs === 0 ? error : tooManyRequests(authFailuresLimit, waitMs)
  }

  const isAsBefore = (request: FastifyRequest) => grants.isCurrent(bearerToken(request) ?? '', request.caller)

  async function isWelcome(request: FastifyRequest): Promise<boolean> {
    const text = bearerToken(request) ?? ''
    try {
      const { caller, expiresAt, allows } = grants.known(text) ?? (await grantOf(request, text))
      const isAllowed = allows === null || allows(request.ip)
      return isAllowed && Date.now() <= expiresAt && !isNarrowed(request.caller, caller, scopeOf(request))
    } catch (error) {
      if (error instanceof HttpError && error.status === 401) return false
      throw error
    }
  }

  /** @throws HttpError 401 */
  async function stillWelcome(request: FastifyRequest): Promise<void> {
    if (!(await isWelcome(request))) throw unauthenticated()
  }

  return isWelcome
}

/** Whether a token has lost what a request was admitted with. */
function isNarrowed(before: Caller, now: Caller, scope: Scope | undefined): boolean {
  const needed: (Scope | undefined)[] = [scope, 'visits:pii']
  return needed.some((one) => one !== undefined && may(before, one) && !may(now, one))
}

/** Whether the token of a request would still be accepted, for as much; it may have expired or been revoked since, or lost a scope. */
export type Welcome = (request: FastifyRequest) => Promise<boolean>

const scopeOf = (request: FastifyRequest) => request.routeOptions.config.scope

/** The address as it was compared. */
const foreignAddress = (ip: string) => unauthenticated(`Token is not allowed from this ip:${plainAddress(ip)}`)

/** @throws HttpError 403 */
export function requireScope(caller: Caller, scope: Scope | undefined): void {
  if (scope !== undefined && !may(caller, scope)) throw forbidden(scope)
}
