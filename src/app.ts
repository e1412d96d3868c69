import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Locator } from './capture/location.js'
import type { Recorder } from './capture/recorder.js'
import { redirectRoutes } from './capture/routes.js'
import { openTokens } from './capture/tokens.js'
import type { Config } from './config.js'
import type { Notifications } from './database/notifications.js'
import type { Database } from './database/open.js'
import { healthRoutes } from './health.js'
import { routePath } from './http/address.js'
import { acceptTokens, type JwtKeys, requireCaller } from './http/authenticate.js'
import { answerError, handleErrors } from './http/errors.js'
import { requireHost } from './http/headers.js'
import { hostsOf, requireHostFor } from './http/hosts.js'
import { type LogTarget, privateLog } from './http/log.js'
import { type Load, refuseWhenOverloaded } from './http/overload.js'
import { parseQueryString, queryObject } from './http/query-string.js'
import { answerClientError, answerOddRequests } from './http/raw-answers.js'
import { letGoWhenStopping } from './http/stopping.js'
import { validateWithZod, type ZodTypes } from './http/validate.js'
import { refuseOtherVerbs } from './http/verbs.js'
import { linkRoutes } from './links/routes.js'
import { findTarget } from './links/target.js'
import { recipientRoutes } from './recipients/routes.js'
import { watchArrivals } from './visits/arrivals.js'
import { cursorsOf } from './visits/cursor.js'
import { exportRoutes } from './visits/export-routes.js'
import { feedRoutes } from './visits/feed-routes.js'
import { visitRoutes } from './visits/routes.js'

export interface AppDeps {
  db: Database
  config: Config
  notifications: Notifications
  recorder: Recorder
  locator: Locator
  jwtKeys: JwtKeys
  /** How busy the process is; without it the API never refuses for that. */
  load?: Pick<Load, 'isHigh'>
  /** What migrations the database still misses; empty when it is ready. */
  pendingMigrations: () => Promise<string[]>
  /** Silent without it. */
  log?: LogTarget
}

/**
 * The whole server, one request's story in order: its address is cleaned, its caller is known, its input is checked, its
 * answer is in the envelope.
 */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = Fastify({
    logger: deps.log === undefined ? false : privateLog(deps.log),
    trustProxy: deps.config.trustProxy,
    rewriteUrl: (request) => routePath(request.url ?? '/'),
    routerOptions: {
      querystringParser: (raw) => queryObject(parseQueryString(raw)),
      // As long as a request line can be: a long parameter names no record, which is for its route to say.
      maxParamLength: 16_384,
    },
    genReqId: () => randomUUID(),
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
    http: { requireHostHeader: false },
    requestTimeout: 60_000,
    return503OnClosing: false,
    bodyLimit: 1024 * 1024,
  })
  answerOddRequests(app.server)
  letGoWhenStopping(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  requireHost(app)
  handleErrors(app)
  validateWithZod(app)
  const hosts = hostsOf(deps.config)
  const tokens = openTokens({ lookUp: (token) => findTarget(deps.db, token), notifications: deps.notifications })
  app.addHook('onClose', async () => tokens.close())
  // Before verbs are refused: any word could be a token, and of words that are none nothing is said.
  await app.register(async (scope) => redirectRoutes(scope, { ...deps, tokens, hosts }))
  const refuse = refuseOtherVerbs(app)
  healthRoutes(app, deps)
  await acceptTokens(app, deps.jwtKeys)
  const arrivals = watchArrivals(deps.notifications)
  const cursors = cursorsOf(deps.db)
  app.addHook('preClose', async () => arrivals.close())
  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypes>()
    requireHostFor(api, hosts.answersApi)
    if (deps.load) refuseWhenOverloaded(api, deps.load)
    requireCaller(api, deps.config.outputZone)
    linkRoutes(api, deps)
    recipientRoutes(api, deps)
    visitRoutes(api, deps)
    feedRoutes(api, { ...deps, arrivals, cursors })
    exportRoutes(api, { ...deps, cursors })
  })
  refuse()
  return app
}
