import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { jwtKeys } from './accounts/jwt-secret.js'
import { buildApp } from './app.js'
import { heldLog } from './capture/capture-log.js'
import { type Locator, openLocator } from './capture/location.js'
import { openRecorder } from './capture/recorder.js'
import { openSpool } from './capture/spool.js'
import type { Config } from './config.js'
import { type Connection, connect, missingMigrations } from './database/connect.js'
import { openNotifications } from './database/notifications.js'
import { watchLoad } from './http/overload.js'

export interface RunningServer {
  app: FastifyInstance
  connection: Connection
  /** Where it listens, such as http://127.0.0.1:3000. */
  address: string
  /** Answers what is in flight, then closes the database. */
  stop(): Promise<void>
}

/** A start that cannot go on, for a reason that the person who started it can mend. */
export class StartError extends Error {}

/**
 * Configuration → database → app → listen.
 *
 * @throws StartError, ConfigError, EmbeddedError, MigrationError
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const opened: (() => Promise<void> | void)[] = []
  // In the opposite order of opening: what is in flight is answered first, the database goes last.
  const close = async () => {
    const failures: unknown[] = []
    for (const end of opened.splice(0).reverse()) await Promise.resolve(end()).catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const connection = await connect(config)
    opened.push(() => connection.close())
    await requireMigrations(connection.url, config)
    const notifications = openNotifications(connection.url)
    opened.push(() => notifications.close())
    const locator = await openPlaces(config)
    opened.push(() => locator.close())
    const load = watchLoad(connection.db)
    opened.push(() => load.close())
    const log = heldLog()
    const { captureWaitMs: waitMs, spoolMaxBytes: maxBytes } = config
    const spool = await openSpool({ directory: join(config.dataDir, 'spool'), maxBytes, log })
    opened.push(() => spool.close())
    const recorder = openRecorder({ db: connection.db, spool, waitMs, log })
    opened.push(() => recorder.close())
    const app = await buildApp({
      db: connection.db,
      config,
      notifications,
      recorder,
      locator,
      load,
      jwtKeys: await jwtKeys(config.jwt, config.dataDir),
      pendingMigrations: () => missingMigrations(connection.url),
      log: { level: config.logLevel },
    })
    log.release(app.log)
    opened.push(() => app.close())
    const address = await listen(app, config)
    return { app, connection, address, stop: close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

async function openPlaces({ geoipDb }: Config): Promise<Locator> {
  return openLocator({ file: geoipDb }).catch((error: Error) => {
    throw geoipDb === undefined ? error : new StartError(`GEOIP_DB cannot be used: ${error.message}`)
  })
}

/** Stops the server at SIGTERM or SIGINT and ends the process with 0; a second signal ends it at once. */
export function stopOnSignals(server: RunningServer): void {
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

async function requireMigrations(url: string, { databaseUrl }: Config): Promise<void> {
  const pending = await missingMigrations(url).catch((error: Error & { errors?: Error[] }) => {
    // A name that stands for several addresses fails once for each.
    const { message } = error.errors?.[0] ?? error
    throw databaseUrl === undefined ? error : new StartError(`DATABASE_URL cannot be used: ${message}`)
  })
  if (pending.length > 0) throw new StartError('The database is not migrated: run smart-link migrate first.')
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    // Fastify listens on both addresses of localhost, with a second server that knows nothing of raw-answers.ts.
    const { address } = host === 'localhost' ? await lookup(host, { verbatim: false }) : { address: host }
    return await app.listen({ host: address, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new StartError(`PORT ${port} is taken on ${host}: stop what uses it, or set PORT.`)
    if (code === 'EACCES') throw new StartError(`PORT ${port} needs privileges: set PORT to 1024 or above.`)
    throw new StartError(`HOST ${host} cannot be listened on: ${(error as Error).message}`)
  }
}
