import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { describeError, inOneLine, MigrationError, resolveCommand } from './migration-error.js'
import * as history from './migration-history.js'
import { applyMigration } from './migration-script.js'
import { openSession } from './session.js'

export type MigrateOptions = {
  /** `prisma/migrations` */
  directory: string
  /** A migration that failed and whose cause is gone, to be settled first. */
  resolve?: Resolution
  /** Only these, where they are missing. */
  only?: readonly string[]
  /** Where the tables are, if not in public. */
  schema?: string
  log?: (line: string) => void
}

export interface Resolution {
  name: string
  /** Whether somebody has done by hand what was missing of it. Otherwise it is applied again. */
  isApplied: boolean
}

/** The lock of Prisma's own command line, so that the two never run at the same time. */
const MIGRATION_LOCK = 72_707_369
const LOCK_POLL_MS = 100

/**
 * Applies the migrations that the database lacks, as `prisma migrate deploy` does (docs/architecture.md#migrations).
 *
 * Any number of processes may call it at once: one works, the others wait and find nothing left. One that dies takes its lock along,
 * and what it had begun is begun again. A migration that was edited after it was applied is not noticed; `deploy` does not look either.
 *
 * @returns names of the migrations applied by this call, in order
 * @throws MigrationError; what was applied before it stays applied
 */
export async function migrate(url: string, options: MigrateOptions): Promise<string[]> {
  const { directory, resolve, only, schema = 'public', log = () => {} } = options
  const client = await connect(url, schema)
  try {
    await lock(client, log)
    await history.openHistory(client)
    if (resolve) await settle(client, directory, resolve)
    const unresolved = await history.unresolvedMigrations(client)
    const pending = await pendingMigrations(client, directory)
    refuseFailed(unresolved, pending)
    const applied: string[] = []
    for (const name of pending.filter((one) => only?.includes(one) ?? true)) {
      const cutOff = unresolved.filter((row) => row.name === name)
      if (cutOff.length > 0) log(`applying migration ${name} again: it was cut off`)
      await applyMigration(client, { name, script: await readScript(directory, name), cutOff, log })
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

/**
 * The newest migration that the database has got from a version after this one and that removed what this one needs: its name ends
 * with `_contract` (CONTRIBUTING). Servers go on beside other ones, which only add.
 *
 * @returns with the newest that this version knows; null when there is none
 */
export async function contractBeyond(
  client: pg.ClientBase | pg.Pool,
  directory: string,
): Promise<{ name: string; known: string } | null> {
  const known = (await migrationNames(directory)).at(-1) ?? ''
  const applied = await history.appliedMigrations(client)
  const name = [...applied]
    .filter((one) => one > known && one.endsWith('_contract'))
    .sort()
    .at(-1)
  return name === undefined ? null : { name, known }
}

async function connect(url: string, schema: string): Promise<pg.Client> {
  try {
    return await openSession(url, { name: 'smart-link migrate', settings: { ...limits, search_path: schema } })
  } catch (error) {
    throw new MigrationError('P1001', `Cannot connect to the database: ${describeError(error)}`, { cause: error })
  }
}

/**
 * A script takes the time that it takes, and one that builds an index beside the work of others waits for these. Between two statements
 * a runner that was frozen, or whose machine is gone, holds the lock.
 */
const limits = {
  ...{ statement_timeout: '0', lock_timeout: '0' },
  ...{ idle_in_transaction_session_timeout: '60s', idle_session_timeout: '60s' },
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

/**
 * One that failed stays in the way until somebody has looked at it. One that was only cut off is applied again, if it is among
 * those known here.
 *
 * @throws MigrationError P3009
 */
function refuseFailed(unresolved: history.UnresolvedMigration[], known: string[]): void {
  const refused = unresolved.find(({ name, failure }) => failure !== null || !known.includes(name))
  if (refused === undefined) return
  const { name, started, failure } = refused
  const reason = failure === null ? 'it was cut off, and is not of this version' : inOneLine(failure).slice(0, 300)
  throw new MigrationError(
    'P3009',
    `The migration ${name}, started ${started.toISOString()}, failed: ${reason}. When that is mended, run ${resolveCommand(name)}`,
  )
}

/** @throws MigrationError P3012 when it has not failed, P3015 when it is said to be applied and has no script */
async function settle(client: pg.Client, directory: string, { name, isApplied }: Resolution): Promise<void> {
  const unresolved = await history.unresolvedMigrations(client)
  if (!unresolved.some((row) => row.name === name)) {
    throw new MigrationError('P3012', `The migration ${name} has not failed: there is nothing to resolve`)
  }
  const script = isApplied ? await readScript(directory, name) : null
  await client.query('BEGIN')
  await history.recordUndone(client, name)
  if (script !== null) await history.recordByHand(client, name, script)
  await client.query('COMMIT')
}

/** Names of all migrations in the directory, in order. */
export async function migrationNames(directory: string): Promise<string[]> {
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
