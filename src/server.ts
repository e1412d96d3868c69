import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { jwtKeys } from './accounts/jwt-secret.js'
import { buildApp } from './app.js'
import { keepEmbeddedPrograms, upgradeEmbedded } from './backup/upgrade.js'
import { type CaptureLog, heldLog } from './capture/capture-log.js'
import { logWay } from './capture/log-way.js'
import { type Capture, FileError, openCapture } from './capture/open.js'
import { openSpoolErasure } from './capture/spool-erasure.js'
import type { Way } from './capture/way.js'
import type { Config } from './config.js'
import { type Connection, connect, schemaProblem } from './database/connect.js'
import { openNotifications } from './database/notifications.js'
import type { Database } from './database/open.js'
import { openReplicas } from './database/replicas.js'
import { databaseIdOf } from './database/server-key.js'
import { watchLoad } from './http/overload.js'
import { measureBackup } from './monitoring/backup.js'
import { measureProcess } from './monitoring/process.js'
import { measureQueue } from './monitoring/queue.js'
import { measureReplicas } from './monitoring/replicas.js'
import { metricsApp } from './monitoring/routes.js'
import { measureWebhooks } from './monitoring/webhooks.js'
import { openQueue } from './queue/queue.js'
import { queueWay } from './queue/queue-way.js'
import { everyRole, type Role } from './roles.js'
import { openWork } from './work.js'

export interface RunningServer {
  app: FastifyInstance
  connection: Connection
  /** Where it listens, such as http://127.0.0.1:3000. */
  address: string
  /** Answers what is in flight, then closes the database. */
  stop(): Promise<void>
}

export type Stoppable = Pick<RunningServer, 'app' | 'stop'>

/** A start that cannot go on, for a reason that the person who started it can mend. */
export class StartError extends Error {}

/**
 * Configuration → database → app → listen.
 *
 * @param roles what this process is to do: each starts only what it needs. All of them answer `/health` and `/ready`
 * @param onOpen told how to stop it, before anybody can know that it listens
 * @throws StartError, ConfigError, ConnectError, EmbeddedError, MigrationError
 */
export async function startServer(
  config: Config,
  roles: ReadonlySet<Role> = new Set(everyRole),
  onOpen?: (server: Stoppable) => void,
): Promise<RunningServer> {
  const opened: (() => Promise<void> | void)[] = []
  // In the opposite order of opening: what is in flight is answered first, the database goes last.
  const close = async () => {
    const failures: unknown[] = []
    for (const end of opened.splice(0).reverse()) await Promise.resolve(end()).catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const log = heldLog()
    const tracing = config.tracing ? (await import('./tracing/open.js')).openTracing(config.tracing, log) : null
    opened.push(() => tracing?.close())
    const isEmbedded = config.databaseUrl === undefined
    if (isEmbedded) await upgradeEmbedded(config.dataDir, (line) => log.info({}, line))
    const connection = await connect(config)
    opened.push(() => connection.close())
    if (isEmbedded) await keepEmbeddedPrograms(config.dataDir, (line) => log.warn({}, line))
    const db = roles.has('api') ? withReplicas(connection.db, config, log) : connection.db
    opened.push(() => db.replicas.close())
    tracing?.statements(db.pool)
    await requireSchema(connection.directUrl)
    const onError = (err: Error) =>
      log.warn({ err }, 'changes are not heard of for a moment: what is cached is read anew')
    const notifications = openNotifications(connection.directUrl, { onError })
    opened.push(() => notifications.close())
    const usesQueue = roles.has('redirect') || roles.has('work')
    const queue =
      config.queue && usesQueue ? await openQueue(config.queue, log, { databaseId: await databaseIdOf(db) }) : null
    opened.push(() => queue?.close())
    const work = roles.has('work')
      ? openWork({ db, notifications, queue, config, log, ...(tracing && { tracePosts: tracing.posts }) })
      : null
    opened.push(() => work?.close())
    const way = queue ? queueWay(queue) : logWay(db)
    const traced = tracing?.capture
    const capture = roles.has('redirect') ? await openClicks(traced?.way(way) ?? way, config, log) : null
    opened.push(() => capture?.close())
    const spoolErasure = capture && openSpoolErasure({ db, directory: join(config.dataDir, 'spool'), log })
    opened.push(() => spoolErasure?.close())
    const load = watchLoad(db)
    opened.push(() => load.close())
    const metrics = new Registry()
    measureProcess(metrics, { db, notifications, load })
    measureReplicas(metrics, db.replicas)
    if (work) {
      measureWebhooks(metrics, db, work.delivery)
      measureBackup(metrics, db)
    }
    if (queue) measureQueue(metrics, queue, work?.worker ?? null)
    const beside = await openMetrics(metrics, config.metrics)
    opened.push(() => beside?.app.close())
    const app = await buildApp({
      ...{ db, config, notifications, load, metrics, tracing },
      capture: capture && { ...capture, recorder: traced?.recorder(capture.recorder) ?? capture.recorder },
      api: roles.has('api') ? { jwtKeys: await jwtKeys(config.jwt, config.dataDir) } : null,
      schemaProblem: () => schemaProblem(connection.directUrl),
      log: { level: config.logLevel },
    })
    log.release(app.log)
    opened.push(() => app.close())
    if (beside) app.log.info(`Metrics at ${beside.address}/metrics`)
    onOpen?.({ app, stop: close })
    const address = await listen(app, config)
    load.begin()
    return { app, connection, address, stop: close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function withReplicas(primary: Database, config: Config, log: CaptureLog): Database {
  const { urls, maxLagMs } = config.replicas
  if (urls.length === 0) return primary
  const { databasePool: connections, databasePrepare: prepare } = config
  return { ...primary, replicas: openReplicas({ primary, urls, maxLagMs, connections, prepare, log }) }
}

/** Metrics at a port of their own, where one is configured. */
async function openMetrics(metrics: Registry, { host, port, token }: Config['metrics']) {
  if (port === undefined) return null
  const app = metricsApp(metrics, token)
  return { app, address: await listen(app, { host, port }, 'METRICS_') }
}

async function openClicks(way: Way, config: Config, log: CaptureLog): Promise<Capture> {
  return openCapture({ way, config, log }).catch((error: Error) => {
    throw error instanceof FileError ? new StartError(error.message) : error
  })
}

/** Stops the server at SIGTERM or SIGINT and ends the process with 0; a second signal ends it at once. */
export function stopOnSignals(server: Stoppable): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => failed(server.app.log, error),
      )
    })
  }
}

function failed(log: FastifyBaseLogger, error: unknown): never {
  log.error({ err: error }, 'stopping failed')
  process.exit(1)
}

async function requireSchema(directUrl: string): Promise<void> {
  const problem = await schemaProblem(directUrl)
  if (problem !== null) throw new StartError(problem)
}

async function listen(
  app: FastifyInstance,
  { host, port }: Pick<Config, 'host' | 'port'>,
  prefix = '',
): Promise<string> {
  try {
    // Fastify listens on both addresses of localhost, with a second server that knows nothing of raw-answers.ts.
    const { address } = host === 'localhost' ? await lookup(host, { verbatim: false }) : { address: host }
    return await app.listen({ host: address, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new StartError(`${prefix}PORT ${port} is taken on ${host}: stop what uses it, or set ${prefix}PORT.`)
    if (code === 'EACCES')
      throw new StartError(`${prefix}PORT ${port} needs privileges: set ${prefix}PORT to 1024 or above.`)
    throw new StartError(`${prefix}HOST ${host} cannot be listened on: ${(error as Error).message}`)
  }
}
