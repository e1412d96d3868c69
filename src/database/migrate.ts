import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

/** A migration cannot be applied. `code` is the one `prisma migrate deploy` would print; the message is one line. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type MigrationErrorCode =
  /** the server cannot be reached */
  | 'P1001'
  /** the schema has tables, but no history of migrations */
  | 'P3005'
  /** a migration failed earlier and nobody has resolved it */
  | 'P3009'
  /** a migration folder, or the SQL file in it, is missing */
  | 'P3015'
  /** a migration failed now */
  | 'P3018'

export type MigrateOptions = {
  /** `prisma/migrations` */
  directory: string
  log?: (line: string) => void
}

/** The lock of Prisma's own command line, so that the two never run at the same time. */
const MIGRATION_LOCK = 72_707_369
const LOCK_POLL_MS = 100

/** As Prisma creates it (prisma-engines, postgres flavour), so that either may go on where the other stopped. */
const CREATE_TABLE = `CREATE TABLE _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`

/**
 * Applies the migrations that the database lacks, as `prisma migrate deploy` does (design.md 6).
 *
 * Any number of processes may call it at once: one works, the others wait and find nothing left. A migration that was
 * edited after it was applied is not noticed; `deploy` does not notice either.
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
    await initialize(client)
    await refuseAfterFailure(client)
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
 */
export async function pendingMigrations(client: pg.ClientBase | pg.Pool, directory: string): Promise<string[]> {
  const names = await migrationNames(directory)
  if (!(await hasTable(client))) return names
  const { rows } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  const applied = new Set(rows.map((row) => row.name))
  return names.filter((name) => !applied.has(name))
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    throw new MigrationError('P1001', `Cannot connect to the database: ${describe(error)}`, { cause: error })
  }
}

/** Asks again and again: a session that waits inside PostgreSQL holds a snapshot, and CREATE INDEX CONCURRENTLY would wait for it. */
async function lock(client: pg.Client, log: (line: string) => void): Promise<void> {
  for (let told = false; ; told = true) {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [MIGRATION_LOCK])
    if (rows[0]?.got) return
    if (!told) log('waiting for another process that applies migrations')
    await wait(LOCK_POLL_MS)
  }
}

async function initialize(client: pg.Client): Promise<void> {
  if (await hasTable(client)) return
  const { rowCount } = await client.query(
    `SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') LIMIT 1`,
  )
  if (rowCount !== 0) {
    throw new MigrationError(
      'P3005',
      'The database schema is not empty: use an empty database, or baseline this one (https://pris.ly/d/migrate-baseline)',
    )
  }
  await client.query(CREATE_TABLE)
}

async function hasTable(client: pg.ClientBase | pg.Pool): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found",
  )
  return rows[0]?.found === true
}

async function refuseAfterFailure(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; started: Date }>(
    `SELECT migration_name AS name, started_at AS started FROM _prisma_migrations
     WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at LIMIT 1`,
  )
  const [failed] = rows
  if (failed === undefined) return
  throw new MigrationError(
    'P3009',
    `The migration ${failed.name}, started ${failed.started.toISOString()}, failed: resolve it before new ones are applied (https://pris.ly/d/migrate-resolve)`,
  )
}

async function apply(client: pg.Client, name: string, script: Buffer): Promise<void> {
  const id = randomUUID()
  const checksum = createHash('sha256').update(script).digest('hex')
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name) VALUES ($1, $2, now(), $3)',
    [id, checksum, name],
  )
  try {
    // Without parameters: the simple protocol, which takes many statements and makes one transaction of them.
    await client.query(script.toString('utf8'))
  } catch (error) {
    await recordFailure(client, id, error)
    throw new MigrationError('P3018', `The migration ${name} failed: ${describe(error)}`, { cause: error })
  }
  await restoreSession(client)
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = applied_steps_count + 1 WHERE id = $1',
    [id],
  )
}

/** If the connection is gone the row stays unfinished and without logs, which says as much. */
async function recordFailure(client: pg.Client, id: string, error: unknown): Promise<void> {
  try {
    // The script may have opened a transaction of its own.
    await client.query('ROLLBACK')
    await restoreSession(client)
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, describe(error)])
  } catch {
    return
  }
}

/** Scripts made by pg_dump empty the search path. */
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
    throw new MigrationError('P3015', `No migrations in ${directory}: ${describe(error)}`, { cause: error })
  }
}

async function readScript(directory: string, name: string): Promise<Buffer> {
  const path = join(directory, name, 'migration.sql')
  return readFile(path).catch((error: unknown) => {
    throw new MigrationError('P3015', `Cannot read the migration ${path}: ${describe(error)}`, { cause: error })
  })
}

/** One line: PostgreSQL's SQLSTATE and message, or a system error's; Node wraps refused connections in an empty error. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join(', ')
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : ''
  return code + error.message.replace(/\s*\n\s*/g, ' ')
}
