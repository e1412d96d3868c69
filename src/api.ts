import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { openGrants } from './accounts/grants.js'
import { accountRoutes } from './accounts/routes.js'
import { openTokenUses } from './accounts/token-uses.js'
import { openReads } from './audit/reads.js'
import { auditRoutes } from './audit/routes.js'
import type { Config } from './config.js'
import { dashboardRoutes } from './dashboard-routes.js'
import type { Notifications } from './database/notifications.js'
import type { Database } from './database/open.js'
import { erasureRoutes } from './erasures/routes.js'
import { requireCaller } from './http/authenticate.js'
import { acceptBodies } from './http/bodies.js'
import type { OpenCounter } from './http/counting.js'
import { givingWay, loopUtilization } from './http/giving-way.js'
import { type Hosts, requireHostFor } from './http/hosts.js'
import { acceptJwts, type JwtKeys } from './http/jwt.js'
import { acceptOverrides } from './http/method-override.js'
import { type Load, refuseWhenOverloaded } from './http/overload.js'
import { openRateLimits } from './http/rate-limit.js'
import { requireReadableQuery } from './http/readable-query.js'
import type { ZodTypes } from './http/validate.js'
import { linkRoutes } from './links/routes.js'
import { measureAudit } from './monitoring/audit.js'
import type { Cached } from './monitoring/caches.js'
import { measureFeeds } from './monitoring/feeds.js'
import { documentRoutes } from './openapi/routes.js'
import { recipientRoutes } from './recipients/routes.js'
import { watchArrivals } from './visits/arrivals.js'
import { cursorsOf } from './visits/cursor.js'
import { exportRoutes } from './visits/export-routes.js'
import { feedRoutes } from './visits/feed-routes.js'
import { fragmentsOf } from './visits/fragments.js'
import { OpenStreams } from './visits/open-streams.js'
import { ReadyBodies } from './visits/ready-bodies.js'
import { visitRoutes } from './visits/routes.js'
import { Digests } from './visits/statistics/digests.js'
import { statisticsRoutes } from './visits/statistics-routes.js'
import { streamRoutes } from './visits/stream-routes.js'
import { webhookRoutes } from './webhooks/routes.js'

export interface ApiDeps {
  db: Database
  config: Config
  notifications: Notifications
  jwtKeys: JwtKeys
  openCounter: OpenCounter
  /** What statistics keep in memory. */
  digests?: Digests
  hosts: Hosts
  metrics: Registry
  cached: Cached
  load?: Pick<Load, 'isHigh'>
}

/** Exports that an account has under way at once. */
const mostExports = 10

/** Everything that asks for an access token, and the document of it all. */
export async function apiRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const { hosts, digests = new Digests(deps.db) } = deps
  await acceptJwts(app, deps.jwtKeys)
  app.decorateRequest('caller')
  app.decorateRequest('accessToken', null)
  const limits = await openRateLimits(deps.openCounter, deps.config.rateLimit)
  const grants = openGrants(deps)
  const uses = openTokenUses({ db: deps.db, log: app.log })
  const reads = openReads({ db: deps.db, log: app.log })
  app.addHook('onClose', async () => {
    grants.close()
    await Promise.all([uses.close(), reads.close(), digests.close()])
  })
  const arrivals = watchArrivals(deps.notifications)
  const streams = new OpenStreams(deps.config.streamsLimit)
  const exports = new OpenStreams(mostExports, 'exports')
  const ready = new ReadyBodies()
  const cursors = cursorsOf(deps.db)
  // A stream that falls behind must keep up with what arrives; an export may take its time.
  const paces = { streams: givingWay(app.server), exports: givingWay(app.server, undefined, loopUtilization()) }
  app.addHook('preClose', async () => arrivals.close())
  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypes>()
    requireHostFor(api, hosts.answersApi)
    if (deps.load) refuseWhenOverloaded(api, deps.load)
    const isWelcome = requireCaller(api, { ...deps.config, grants, uses, limits })
    requireReadableQuery(api)
    await api.register(async (scope) => {
      const api = scope.withTypeProvider<ZodTypes>()
      await acceptBodies(api)
      const acceptPosts = acceptOverrides(api)
      accountRoutes(api, { ...deps, uses })
      linkRoutes(api, deps)
      recipientRoutes(api, { ...deps, reads })
      erasureRoutes(api, deps)
      webhookRoutes(api, deps)
      acceptPosts()
    })
    visitRoutes(api, { ...deps, ready, reads })
    feedRoutes(api, { ...deps, arrivals, cursors, isWelcome, reads })
    streamRoutes(api, { ...deps, arrivals, cursors, streams, isWelcome, startGivingWay: paces.streams, reads })
    exportRoutes(api, { ...deps, cursors, exports, isWelcome, startGivingWay: paces.exports, reads })
    statisticsRoutes(api, { ...deps, digests, reads })
    auditRoutes(api, { ...deps, reads })
  })
  await app.register(async (scope) => {
    requireHostFor(scope, hosts.answersApi)
    await documentRoutes(scope.withTypeProvider<ZodTypes>(), deps.config)
    await dashboardRoutes(scope, deps.config)
  })
  measureAudit(deps.metrics, reads.counts)
  measureFeeds(deps.metrics, arrivals, streams)
  Object.assign(deps.cached, { access_tokens: grants, bodies: ready, fragments: fragmentsOf(deps.db) })
}
