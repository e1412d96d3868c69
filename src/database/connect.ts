import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Config } from '../config.js'
import { startEmbeddedPostgres } from './embedded.js'
import { migrate, pendingMigrations } from './migrate.js'
import { type Database, openDatabase } from './open.js'
import { isBehindPooler } from './pooler.js'

export const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** A database that was found or started, and how to leave it. */
export interface Connection {
  db: Database
  /** PostgreSQL itself, whatever pooler the database is reached through. */
  directUrl: string
  /** Closes the pool, and the embedded server when nobody else uses it. */
  close(): Promise<void>
}

/** The configured database cannot be used, for a reason that whoever configured it can mend. */
export class ConnectError extends Error {}

type DatabaseConfig = Pick<Config, 'databaseUrl' | 'databaseDirectUrl' | 'databasePrepare'>
type ConnectConfig = DatabaseConfig & Pick<Config, 'databasePool' | 'dataDir'>

/**
 * Opens the configured PostgreSQL, or the embedded one in the data folder, which is also migrated: nobody else would.
 *
 * @throws ConnectError, EmbeddedError, MigrationError
 */
export async function connect(config: ConnectConfig, log: (line: string) => void = () => {}): Promise<Connection> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null
  try {
    if (embedded) await migrate(embedded.url, { directory: migrationsDirectory, log })
    const way = embedded
      ? { url: embedded.url, directUrl: embedded.url }
      : await findDatabase({ ...config, databaseUrl: config.databaseUrl ?? '' })
    const onError = (error: Error) => log(`database connection lost: ${error.message}`)
    const db = openDatabase({ ...way, connections: config.databasePool, onError })
    return { db, directUrl: way.directUrl, close: () => db.close().finally(() => embedded?.stop()) }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** How a database is reached. */
export interface DatabaseWay {
  url: string
  directUrl: string
  /** Through a pooler that hands connections around. */
  isPooled: boolean
  /** Whether statements may be prepared under names that a connection remembers. */
  isPrepared: boolean
}

/** @throws ConnectError */
export async function findDatabase(config: DatabaseConfig & { databaseUrl: string }): Promise<DatabaseWay> {
  const { databaseUrl: url, databaseDirectUrl, databasePrepare } = config
  const isPooled = await isBehindPooler(url).catch((error) => {
    throw new ConnectError(`DATABASE_URL cannot be used: ${reasonOf(error)}`)
  })
  if (isPooled && databaseDirectUrl === undefined) {
    throw new ConnectError('DATABASE_URL leads to a connection pooler: set DATABASE_DIRECT_URL to PostgreSQL itself.')
  }
  const isPrepared = databasePrepare === 'auto' ? !isPooled : databasePrepare === 'on'
  return { url, directUrl: databaseDirectUrl ?? url, isPooled, isPrepared }
}

/** Names of migrations that the database lacks, asked on a connection of its own. */
export async function missingMigrations(directUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: directUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await pendingMigrations(client, migrationsDirectory)
  } finally {
    await client.end()
  }
}

/** A name that stands for several addresses fails once for each. */
function reasonOf(error: Error & { errors?: Error[] }): string {
  return (error.errors?.[0] ?? error).message
}
