import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { jwtKeys } from './accounts/jwt-secret.js'
import { buildApp } from './app.js'
import type { Config } from './config.js'
import { type Connection, connect, missingMigrations } from './database/connect.js'
import { openNotifications } from './database/notifications.js'

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
  const connection = await connect(config)
  const notifications = openNotifications(connection.url)
  const disconnect = () => notifications.close().finally(() => connection.close())
  try {
    const pending = await missingMigrations(connection.url)
    if (pending.length > 0) throw new StartError('The database is not migrated: run smart-link migrate first.')
    const app = await buildApp({
      db: connection.db,
      config,
      notifications,
      jwtKeys: await jwtKeys(config.jwt, config.dataDir),
      pendingMigrations: () => missingMigrations(connection.url),
      log: { level: config.logLevel },
    })
    const address = await listen(app, config)
    return { app, connection, address, stop: () => app.close().then(disconnect) }
  } catch (error) {
    await disconnect()
    throw error
  }
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

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    await app.close()
    if (code === 'EADDRINUSE') throw new StartError(`PORT ${port} is taken on ${host}: stop what uses it, or set PORT.`)
    if (code === 'EACCES') throw new StartError(`PORT ${port} needs privileges: set PORT to 1024 or above.`)
    throw new StartError(`HOST ${host} cannot be listened on: ${(error as Error).message}`)
  }
}
