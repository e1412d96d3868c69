import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { confirmRevocations } from './accounts/revoke-everywhere.js'
import { apiRoutes } from './api.js'
import type { Locator } from './capture/location.js'
import type { Networks } from './capture/networks.js'
import { openedPath } from './capture/opened-path.js'
import { answerOutsideLinks } from './capture/outside-links.js'
import type { Recorder } from './capture/recorder.js'
import { redirectRoutes } from './capture/routes.js'
import { openTokens } from './capture/tokens.js'
import type { Config } from './config.js'
import type { Notifications } from './database/notifications.js'
import type { Database } from './database/open.js'
import { healthRoutes } from './health.js'
import { routePath } from './http/address.js'
import { arrivalTimeouts } from './http/arrival.js'
import { addressOf, openCounters } from './http/counting.js'
import { answerError, handleErrors } from './http/errors.js'
import { requireHost } from './http/headers.js'
import { hostsOf, requireHostFor } from './http/hosts.js'
import type { JwtKeys } from './http/jwt.js'
import { type LogTarget, privateLog } from './http/log.js'
import { replaceVerb } from './http/method-override.js'
import { allowOrigins } from './http/origins.js'
import type { Load } from './http/overload.js'
import { cleanProxyHeaders } from './http/proxy-headers.js'
import { parseQueryString, queryObject } from './http/query-string.js'
import { answerClientError, answerOddRequests } from './http/raw-answers.js'
import { secureAnswers } from './http/security-headers.js'
import { letGoWhenStopping } from './http/stopping.js'
import { validateWithZod } from './http/validate.js'
import { refuseOtherVerbs } from './http/verbs.js'
import { findTarget } from './links/target.js'
import { type Cached, measureCaches } from './monitoring/caches.js'
import { measureCapture } from './monitoring/capture.js'
import { measureRequests } from './monitoring/requests.js'
import { metricsRoute } from './monitoring/routes.js'
import { describeApi } from './openapi/document.js'
import type { Tracing } from './tracing/open.js'
import type { Digests } from './visits/statistics/digests.js'
import { webhookMessages } from './webhooks/message-schema.js'

export interface AppDeps {
  db: Database
  config: Config
  notifications: Notifications
  /** What clicks are recorded with; null: this process opens no links. */
  capture: { recorder: Recorder; locator: Locator; networks: Networks } | null
  /** What access tokens are checked with; null: this process has no API. */
  api: { jwtKeys: JwtKeys; digests?: Digests } | null
  /** Where what is measured is told. */
  metrics?: Registry
  /** What requests are traced with. */
  tracing?: Pick<Tracing, 'requests'> | null
  /** How busy the process is; without it the API never refuses for that. */
  load?: Pick<Load, 'isHigh'>
  /** What migrations the database still misses; empty when it is ready. */
  schemaProblem: () => Promise<string | null>
  /** Silent without it. */
  log?: LogTarget
}

/**
 * The whole server, one request's story in order: its address is cleaned, its caller is known, its input is checked, its
 * answer is in the envelope.
 */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { capture } = deps
  const hosts = hostsOf(deps.config)
  const answer = capture ? answerOutsideLinks({ ...deps, hosts, hasApi: deps.api !== null }) : answerError
  const opened = capture ? openedPath(deps.config) : (url: string) => url
  const app = Fastify({
    logger: deps.log === undefined ? false : privateLog(deps.log),
    trustProxy: deps.config.trustProxy,
    rewriteUrl: (request) => {
      if (deps.config.trustProxy !== false) cleanProxyHeaders(request.headers)
      replaceVerb(request)
      return opened(routePath(request.url ?? '/'))
    },
    routerOptions: {
      querystringParser: (raw) => queryObject(parseQueryString(raw)),
      // As long as a request line can be: a long parameter names no record, which is for its route to say.
      maxParamLength: 16_384,
    },
    genReqId: () => randomUUID(),
    frameworkErrors: answer,
    clientErrorHandler: (error, socket) => answerClientError(app.server, error, socket),
    http: { requireHostHeader: false, ...arrivalTimeouts(deps.config.requestTimeoutMs) },
    requestTimeout: deps.config.requestTimeoutMs,
    return503OnClosing: false,
    bodyLimit: 1024 * 1024,
  })
  answerOddRequests(app.server)
  letGoWhenStopping(app)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  deps.tracing?.requests(app)
  secureAnswers(app)
  await allowOrigins(app, deps.config.corsOrigins)
  requireHost(app)
  handleErrors(app, answer)
  const metrics = deps.metrics ?? new Registry()
  measureRequests(metrics, app)
  validateWithZod(app)
  await describeApi(app, deps.config, webhookMessages)
  confirmRevocations(deps.db, deps.notifications)
  const openCounter = await openCounters(app, deps.config.redisUrl)
  const cached: Cached = {}
  measureCaches(metrics, cached)
  if (capture) {
    const tokens = openTokens({ lookUp: (token) => findTarget(deps.db, token), notifications: deps.notifications })
    app.addHook('onClose', async () => tokens.close())
    cached.tokens = tokens
    measureCapture(metrics, capture.recorder)
    const openings = await openCounter({ name: 'openings', windowMs: 300_000, keyOf: addressOf })
    // Before verbs are refused: any word could be a token, and of words that are none nothing is said.
    await app.register(async (scope) => redirectRoutes(scope, { ...deps, ...capture, tokens, hosts, openings }))
  }
  const refuse = refuseOtherVerbs(app)
  const isPatient = capture !== null && deps.api === null
  healthRoutes(app, { ...deps, recorder: capture?.recorder ?? null, isPatient })
  await app.register(async (scope) => {
    requireHostFor(scope, hosts.answersApi)
    const { port, token } = deps.config.metrics
    if (port === undefined && token !== undefined) metricsRoute(scope, metrics, token)
  })
  if (deps.api) await apiRoutes(app, { ...deps, ...deps.api, openCounter, hosts, metrics, cached })
  refuse()
  return app
}
