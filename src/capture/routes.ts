import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Config } from '../config.js'
import { queryOf } from '../http/address.js'
import type { Counter } from '../http/counting.js'
import { toHttpError } from '../http/errors.js'
import type { Hosts } from '../http/hosts.js'
import { limitBy } from '../http/rate-limit.js'
import { isReserved, tokenShape } from '../links/reserved.js'
import type { TokenTarget } from '../links/target.js'
import type { NewVisit } from '../visits/visit.js'
import { openAnswers, rootAnswers } from './answers.js'
import {
  answerDeadLink,
  DeadLink,
  deletedLink,
  expiredLink,
  type FallbackConfig,
  inactiveLink,
  leadsBack,
  missingLink,
  redirectAside,
  usedUpLink,
} from './dead-link.js'
import type { Locator } from './location.js'
import type { Networks } from './networks.js'
import { shortBases } from './opened-path.js'
import { isApiPath } from './outside-links.js'
import { answerPage, unavailable } from './pages.js'
import { placeholderValues } from './placeholders.js'
import type { Recorder } from './recorder.js'
import { chooseTarget } from './rules.js'
import { targetUrl } from './target-url.js'
import type { Tokens } from './tokens.js'
import { visitOf } from './visit.js'

export interface RedirectDeps {
  tokens: Tokens
  recorder: Recorder
  locator: Locator
  networks: Pick<Networks, 'isScanner'>
  hosts: Hosts
  /** Counts openings by address. */
  openings: Counter
  config: FallbackConfig & Pick<Config, 'rootUrl' | 'anonymizeIp' | 'botNetworks' | 'openingsLimit'>
}

/**
 * Opening a short link (docs/api-contract.md section 7): its token is known, the visit is safe, the click is sent on. GET and HEAD.
 *
 * Client hints are asked for with Accept-CH and come with the next click of the same browser. Not with Critical-CH: it would
 * cost every first click a second round trip, and count it twice.
 */
export function redirectRoutes(app: FastifyInstance, deps: RedirectDeps): void {
  const { tokens, recorder, locator, networks, hosts, openings, config } = deps
  const reading = { locator, networks, networkPolicy: config.botNetworks, anonymize: config.anonymizeIp }
  app.setErrorHandler((error, request, reply) => {
    const known = toHttpError(error)
    if (known.status >= 500) request.log.error({ err: error }, 'a click could not be answered')
    if (known instanceof DeadLink) return answerDeadLink(request, reply, known, config)
    return answerPage(request, reply, known.status >= 500 ? unavailable() : known)
  })

  app.addHook<{ Params: { token?: string } }>('onRequest', async (request, reply) => {
    // The API's paths: aliases of them end up here when nothing answers there.
    const isAlias = request.originalUrl.includes('/api') && isApiPath(request)
    const isNoToken = isAlias || isReserved(request.params.token ?? '')
    if (isNoToken || !hosts.opensLinks(request)) reply.callNotFound()
  })

  const limited = config.openingsLimit > 0 && { onRequest: limitBy(openings, config.openingsLimit) }

  for (const base of shortBases(config)) {
    const { rootUrl } = config
    if (rootUrl !== undefined) {
      app.get(base || '/', { schema: rootSchema }, async (request, reply) => {
        if (!leadsBack(request, rootUrl, config)) return redirectAside(reply, rootUrl)
        reply.callNotFound()
        return reply
      })
    }

    const url = `${base}/:token(${tokenShape})`
    app.get<{ Params: { token: string } }>(url, { ...openRoute, ...limited }, async (request, reply) => {
      const target = openable(await tokens.find(request.params.token))
      const visit = await visitOf(request, target, reading)
      const query = target.forwardQuery ? queryOf(request.url) : null
      const values = placeholderValues(visit, target.recipient?.mobile ?? null)
      const location = targetUrl(chooseTarget(target, visit), values, query, config.targetSchemes)
      if (location === null) throw inactiveLink(target)
      takeOpening(target, visit)
      if (!(await recordOpening(recorder, target, visit))) throw usedUpLink(target)
      return reply
        .code(target.redirectStatus)
        .headers({ ...redirectHeaders, location })
        .send()
    })
  }

  // Codes of people are no business of search engines.
  app.get('/robots.txt', { schema: robotsSchema }, async (_, reply) =>
    reply.type('text/plain').send('User-agent: *\nDisallow: /\n'),
  )
}

const openRoute = {
  config: { opensLinks: true, cors: false as const },
  schema: {
    operationId: 'openLink',
    summary: 'Open a short URL',
    description:
      'The visit is stored before the answer is sent. Client hints are asked for and come with the next one. HEAD does the same.',
    tags: ['Short URLs'],
    response: openAnswers,
  },
}

const rootSchema = {
  operationId: 'openRoot',
  summary: 'Open the short domain',
  description: 'Leads to ROOT_URL.',
  tags: ['Short URLs'],
  response: rootAnswers,
}

const robotsSchema = {
  operationId: 'robots',
  summary: 'What search engines may read',
  tags: ['Short URLs'],
  response: { 200: { description: 'Nothing.', content: { 'text/plain': { schema: z.string() } } } },
}

const redirectHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'accept-ch': 'Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Form-Factors',
}

/** Bots are not counted, but a link that is used up is used up for them as well. @throws DeadLink */
function takeOpening(target: TokenTarget, { isBot }: NewVisit): void {
  if (target.peopleLeft === null) return
  if (target.peopleLeft <= 0) throw usedUpLink(target)
  if (!isBot) target.peopleLeft -= 1
}

/** @returns false when the link is used up */
async function recordOpening(recorder: Recorder, target: TokenTarget, visit: NewVisit): Promise<boolean> {
  try {
    return await recorder.record(target.ownerId, visit, target.peopleLeft !== null)
  } catch (error) {
    // Nobody was sent on.
    if (target.peopleLeft !== null && !visit.isBot) target.peopleLeft += 1
    throw error
  }
}

/** @throws DeadLink */
function openable(target: TokenTarget | null): TokenTarget {
  if (target === null) throw missingLink()
  if (target.isDeleted) throw deletedLink()
  if (!target.isActive) throw inactiveLink(target)
  if (target.expiresAt !== null && target.expiresAt.getTime() <= Date.now()) throw expiredLink(target)
  return target
}
