import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { describeError, MigrationError } from './migration-error.js'
import * as history from './migration-history.js'

export type MigrateOptions = {
  /** `prisma/migrations` */
  directory: string
  log?: (line: string) => void
}

/** The lock of Prisma's own command line, so that the two never run at the same time. */
const MIGRATION_LOCK = 72_707_369
const LOCK_POLL_MS = 100

/**
 * Applies the migrations that the database lacks, as `prisma migrate deploy` does (design.md 6).
 *
 * Any number of processes may call it at once: one works, the others wait and find nothing left. A migration that was
 * edited after it was applied is not noticed; `deploy` does not look either.
 *
 * @returns names of the migrations applied by this call, in order
 * @throws MigrationError; what was applied before it stays applied
 */
export async function migrate(
  target: string | pg.ClientConfig,
  { directory, log = () => {} }: MigrateOptions,
): Promise<string[]> {
  const client = new pg.Client(typeof target === 'string' ? { connectionString: target } : target)
  // A connection lost between two queries fails the next query; without a listener it would end the process.
  client.on('error', () => {})
  await connect(client)
  try {
    await lock(client, log)
    await history.openHistory(client)
    await history.refuseAfterFailure(client)
    const applied: string[] = []
    for (const name of await pendingMigrations(client, directory)) {
      await apply(client, name, await readScript(directory, name))
      log(`applied migration ${name}`)
      applied.push(name)
    }
    return applied
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch(() => {})
  }
}

/**
 * Names of the migrations in the directory that the database has not got, in the order in which they would be applied.
 * One that failed and was not resolved counts as missing.
 *
 * @throws MigrationError P3015 when there is no such directory
 */
export async function pendingMigrations(client: pg.ClientBase | pg.Pool, directory: string): Promise<string[]> {
  const names = await migrationNames(directory)
  const applied = await history.appliedMigrations(client)
  return names.filter((name) => !applied.has(name))
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    throw new MigrationError('P1001', `Cannot connect to the database: ${describeError(error)}`, { cause: error })
  }
}

/**
 * Asks again and again instead of waiting inside PostgreSQL: a waiting session holds a snapshot, and a migration's
 * CREATE INDEX CONCURRENTLY would wait for it in turn.
 */
async function lock(client: pg.Client, log: (line: string) => void): Promise<void> {
  for (let told = false; ; told = true) {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [MIGRATION_LOCK])
    if (rows[0]?.got) return
    if (!told) log('waiting for another process that applies migrations')
    await wait(LOCK_POLL_MS)
  }
}

async function apply(client: pg.Client, name: string, script: Buffer): Promise<void> {
  const id = await history.recordStart(client, name, script)
  try {
    // Without parameters: the simple protocol, which takes many statements and makes one transaction of them.
    await client.query(script.toString('utf8'))
    await refuseOpenTransaction(client)
    await restoreSession(client)
  } catch (error) {
    // With the connection gone the row stays unfinished and without logs, which says as much.
    await recordFailure(client, id, error).catch(() => {})
    throw new MigrationError('P3018', `The migration ${name} failed: ${describeError(error)}`, { cause: error })
  }
  await history.recordSuccess(client, id)
}

/** What a BEGIN without COMMIT did would be lost with the session, and with it the note that it was done. */
async function refuseOpenTransaction(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ open: boolean }>('SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS open')
  if (rows[0]?.open) throw new Error('the script leaves a transaction open')
}

async function recordFailure(client: pg.Client, id: string, error: unknown): Promise<void> {
  // The script may have opened a transaction of its own.
  await client.query('ROLLBACK')
  await restoreSession(client)
  await history.recordFailure(client, id, error)
}

/** Scripts made by pg_dump empty the search path and set more, all for the session. */
async function restoreSession(client: pg.Client): Promise<void> {
  await client.query('RESET ALL')
}

async function migrationNames(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch (error) {
    throw new MigrationError('P3015', `No migrations in ${directory}: ${describeError(error)}`, { cause: error })
  }
}

async function readScript(directory: string, name: string): Promise<Buffer> {
  const path = join(directory, name, 'migration.sql')
  return readFile(path).catch((error: unknown) => {
    throw new MigrationError('P3015', `Cannot read the migration ${path}: ${describeError(error)}`, { cause: error })
  })
}
