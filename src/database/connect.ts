import { fileURLToPath } from 'node:url'
import type { Config } from '../config.js'
import { startEmbeddedPostgres } from './embedded.js'
import { isReadOnly } from './errors.js'
import { contractBeyond, migrate, pendingMigrations } from './migrate.js'
import { movedTo } from './moved.js'
import { type Database, openDatabase } from './open.js'
import { findPooling, isHeard, type Pooling } from './pooler.js'
import { examineSession, openSession, type SessionLimits } from './session.js'

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
export async function connect(
  config: ConnectConfig,
  log: (line: string) => void = () => {},
  limits?: SessionLimits,
): Promise<Connection> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null
  try {
    if (embedded) {
      await refuseMoved(embedded.url)
      await migrate(embedded.url, { directory: migrationsDirectory, log })
    }
    const way = embedded
      ? { url: embedded.url, directUrl: embedded.url }
      : await findDatabase({ ...config, databaseUrl: config.databaseUrl ?? '' })
    const onError = (error: Error) => log(`database connection lost: ${error.message}`)
    const db = openDatabase({ ...way, connections: config.databasePool, onError, ...(limits && { limits }) })
    if (!embedded) await requireSettings(db)
    return { db, directUrl: way.directUrl, close: () => db.close().finally(() => embedded?.stop()) }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** @throws ConnectError when what is recorded would be where nobody looks for it */
async function refuseMoved(url: string): Promise<void> {
  const client = await openSession(url)
  const place = await movedTo(client).finally(() => client.end())
  if (place === null) return
  throw new ConnectError(
    `The embedded database was moved to ${place}: set DATABASE_URL, or run smart-link move --undo.`,
  )
}

/** How a database is reached. */
export interface DatabaseWay extends Pooling {
  url: string
  directUrl: string
}

/** @throws ConnectError */
export async function findDatabase(config: DatabaseConfig & { databaseUrl: string }): Promise<DatabaseWay> {
  const { databaseUrl: url, databaseDirectUrl, databasePrepare } = config
  const directUrl = databaseDirectUrl ?? url
  const pooling = await usable('DATABASE_URL', findPooling(url, databasePrepare))
  if (pooling.isPooled && databaseDirectUrl === undefined) throw new ConnectError(pooled)
  if (await usable(databaseDirectUrl === undefined ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL', isDeaf(directUrl, url))) {
    throw new ConnectError(databaseDirectUrl === undefined ? pooled : elsewhere)
  }
  return { url, directUrl, ...pooling }
}

const pooled = 'DATABASE_URL leads to a connection pooler: set DATABASE_DIRECT_URL to PostgreSQL itself.'
const elsewhere =
  'DATABASE_DIRECT_URL leads to a connection pooler or to another database: what is said at DATABASE_URL is not heard there.'

async function usable<T>(variable: string, work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw new ConnectError(`${variable} cannot be used: ${reasonOf(error)}`)
  })
}

/** Where nothing can be written nothing is said either, and so nothing is missed. */
async function isDeaf(directUrl: string, url: string): Promise<boolean> {
  return isHeard(directUrl, url).then(
    (heard) => !heard,
    (error) => {
      if (isReadOnly(error)) return false
      throw error
    },
  )
}

/** @throws ConnectError when the way there, such as a pooler, does not keep what statements rely on; closes the database then */
async function requireSettings(db: Database): Promise<void> {
  const [problem] = await usable('DATABASE_URL', examineSession(db.pool)).catch(async (error) => {
    await db.close()
    throw error
  })
  if (problem === undefined) return
  await db.close()
  throw new ConnectError(`DATABASE_URL leads to connections that cannot be used: ${problem}.`)
}

/**
 * What keeps this version from working with the schema of the database, in a sentence or two; null when nothing does. Asked on a
 * connection of its own.
 */
export async function schemaProblem(directUrl: string): Promise<string | null> {
  const client = await openSession(directUrl)
  try {
    const beyond = await contractBeyond(client, migrationsDirectory)
    if (beyond !== null) {
      return `The database is of a newer version, with ${beyond.name}; this one knows it up to ${beyond.known}. Start the newer version.`
    }
    const pending = await pendingMigrations(client, migrationsDirectory)
    if (pending.length === 0) return null
    const named =
      pending.length > 3 ? `${pending.slice(0, 3).join(', ')} and ${pending.length - 3} more` : pending.join(', ')
    return `Migrations are not applied: ${named}. Run smart-link migrate.`
  } finally {
    await client.end()
  }
}

/** A name that stands for several addresses fails once for each. */
function reasonOf(error: Error & { errors?: Error[] }): string {
  return (error.errors?.[0] ?? error).message
}
