import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.js'
import { rawQuery } from '../http/address.js'
import { toHttpError } from '../http/errors.js'
import type { Hosts } from '../http/hosts.js'
import { isReserved, tokenShape } from '../links/reserved.js'
import type { TokenTarget } from '../links/target.js'
import type { Locator } from './location.js'
import { answerPage, deletedLink, expiredLink, inactiveLink, missingLink, unavailable } from './pages.js'
import { placeholderValues } from './placeholders.js'
import type { Recorder } from './recorder.js'
import { targetUrl } from './target-url.js'
import type { Tokens } from './tokens.js'
import { visitOf } from './visit.js'

export interface RedirectDeps {
  tokens: Tokens
  recorder: Recorder
  locator: Locator
  hosts: Hosts
  config: Pick<Config, 'shortUrl' | 'anonymizeIp'>
}

/**
 * Opening a short link (contract.md section 7): its token is known, the visit is safe, the click is sent on. GET and HEAD.
 *
 * Client hints are asked for with Accept-CH and come with the next click of the same browser. Not with Critical-CH: it would
 * cost every first click a second round trip, and count it twice.
 */
export function redirectRoutes(app: FastifyInstance, { tokens, recorder, locator, hosts, config }: RedirectDeps): void {
  app.setErrorHandler((error, request, reply) => {
    const known = toHttpError(error)
    if (known.status >= 500) request.log.error({ err: error }, 'a click could not be answered')
    return answerPage(request, reply, known.status >= 500 ? unavailable() : known)
  })

  app.addHook<{ Params: { token?: string } }>('onRequest', async (request, reply) => {
    // The API's paths: aliases of them end up here when nothing answers there.
    const isApi = request.originalUrl.startsWith('/api/') || isReserved(request.params.token ?? '')
    if (isApi || !hosts.opensLinks(request)) reply.callNotFound()
  })

  for (const base of new Set(['', config.shortUrl ? new URL(config.shortUrl).pathname.replace(/\/$/, '') : ''])) {
    app.get<{ Params: { token: string } }>(`${base}/:token(${tokenShape})`, async (request, reply) => {
      const target = openable(await tokens.find(request.params.token))
      const visit = await visitOf(request, target, { locator, anonymize: config.anonymizeIp })
      const query = target.forwardQuery ? rawQuery(request) : null
      const location = targetUrl(target.longUrl, placeholderValues(visit, target.recipient?.mobile ?? null), query)
      if (location === null) throw inactiveLink()
      await recorder.record(target.ownerId, visit)
      return reply
        .code(target.redirectStatus)
        .headers({ ...redirectHeaders, location })
        .send()
    })
  }

  // Codes of people are no business of search engines.
  app.get('/robots.txt', async (_, reply) => reply.type('text/plain').send('User-agent: *\nDisallow: /\n'))
}

const redirectHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'accept-ch': 'Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Form-Factors',
}

/** @throws HttpError 404 or 410 */
function openable(target: TokenTarget | null): TokenTarget {
  if (target === null) throw missingLink()
  if (target.isDeleted) throw deletedLink()
  if (!target.isActive) throw inactiveLink()
  if (target.expiresAt !== null && target.expiresAt.getTime() <= Date.now()) throw expiredLink()
  return target
}
