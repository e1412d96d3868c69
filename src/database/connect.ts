import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Config } from '../config.js'
import { startEmbeddedPostgres } from './embedded.js'
import { migrate, pendingMigrations } from './migrate.js'
import { type Database, openDatabase } from './open.js'

export const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** A database that was found or started, and how to leave it. */
export interface Connection {
  db: Database
  url: string
  /** Closes the pool, and the embedded server when nobody else uses it. */
  close(): Promise<void>
}

type ConnectConfig = Pick<Config, 'databaseUrl' | 'databasePool' | 'dataDir'>

/**
 * Opens the configured PostgreSQL, or the embedded one in the data folder, which is also migrated: nobody else would.
 *
 * @throws EmbeddedError, MigrationError
 */
export async function connect(config: ConnectConfig, log: (line: string) => void = () => {}): Promise<Connection> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null
  const url = config.databaseUrl ?? embedded?.url ?? ''
  try {
    if (embedded) await migrate(url, { directory: migrationsDirectory, log })
    const onError = (error: Error) => log(`database connection lost: ${error.message}`)
    const db = openDatabase({ url, connections: config.databasePool, onError })
    return { db, url, close: () => db.close().finally(() => embedded?.stop()) }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** Names of migrations that the database lacks, asked on a connection of its own. */
export async function missingMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await pendingMigrations(client, migrationsDirectory)
  } finally {
    await client.end()
  }
}
