import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { isDatabaseAway } from './errors.js'
import { describeError, MigrationError, resolveCommand } from './migration-error.js'
import * as history from './migration-history.js'

export interface Migration {
  name: string
  script: Buffer
  /** Earlier attempts that were cut off without an error. */
  cutOff: history.UnresolvedMigration[]
  log?: (line: string) => void
}

/**
 * Applies one migration. Its script and its row are one transaction, so a process that dies at any moment leaves all of it or
 * nothing. PostgreSQL refuses some statements within a transaction (CREATE INDEX CONCURRENTLY): a script that is one such statement
 * runs by itself, between the row's beginning and its end.
 *
 * @throws MigrationError P3018. The failure is recorded and stops later runs, unless its cause passes by itself (a lost
 *   connection, a lock that was not had, a full disk)
 */
export async function applyMigration(client: pg.Client, migration: Migration): Promise<void> {
  const { name, script } = migration
  const attempt = await onceLocked(() => attemptOf(client, migration, inTransaction), migration)
  const { id, error } = isRefusedInTransaction(attempt.error) ? await attemptOf(client, migration, byItself) : attempt
  if (error === null) return
  if (await hadCommitted(client, migration, error)) return
  if (isPassing(error)) {
    throw new MigrationError(
      'P3018',
      `The migration ${name} was cut off, and the next smart-link migrate applies it: ${describeError(error)}`,
      { cause: error },
    )
  }
  // A connection lost just now leaves no row, or one without a reason: then the migration is applied again.
  await history.recordFailure(client, { id, name, script, error }).catch(() => {})
  const message = `The migration ${name} failed: ${describeError(error)}`
  throw new MigrationError('P3018', `${message}. When that is mended, run ${resolveCommand(name)}`, { cause: error })
}

type Attempt = (client: pg.Client, migration: Migration, started: (id: string) => void) => Promise<void>

/** Leaves the session as it was, without a transaction. */
async function attemptOf(client: pg.Client, migration: Migration, attempt: Attempt) {
  let id = ''
  try {
    await attempt(client, migration, (started) => {
      id = started
    })
    return { id, error: null }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    await restoreSession(client).catch(() => {})
    return { id, error }
  }
}

/** Whoever comes after a migration that waits for a table waits as well: so it waits for moments, with pauses between them. */
const lockMs = 1_000
const pauseMs = 1_000
const mostAttempts = 60

async function onceLocked(
  attempt: () => ReturnType<typeof attemptOf>,
  { name, log = () => {} }: Migration,
): ReturnType<typeof attemptOf> {
  for (let nth = 1; ; nth += 1) {
    const outcome = await attempt()
    if (codeOf(outcome.error) !== '55P03' || nth === mostAttempts) return outcome
    if (nth === 1) log(`migration ${name} waits for a lock that somebody else has`)
    await wait(pauseMs)
  }
}

const inTransaction: Attempt = async (client, { name, script }, started) => {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockMs}`)
  await history.recordUndone(client, name)
  const id = await history.recordStart(client, name, script)
  started(id)
  // Without parameters: the simple protocol, which takes many statements.
  await client.query(script.toString('utf8'))
  await restoreSession(client)
  await history.recordSuccess(client, id)
  await client.query('COMMIT')
}

const byItself: Attempt = async (client, { name, script, cutOff }, started) => {
  const text = script.toString('utf8')
  await client.query('BEGIN')
  await history.recordUndone(client, name)
  const id = await history.recordStart(client, name, script)
  await client.query('COMMIT')
  started(id)
  if (cutOff.length > 0) await dropHalfBuilt(client, text)
  await client.query(text)
  await restoreSession(client)
  await history.recordSuccess(client, id)
}

/** Scripts made by pg_dump empty the search path and set more, all for the session. */
async function restoreSession(client: pg.Client): Promise<void> {
  await client.query('RESET ALL')
}

/** CREATE INDEX CONCURRENTLY that is cut off leaves an index that is not valid, and in the way of the next attempt. */
async function dropHalfBuilt(client: pg.Client, text: string): Promise<void> {
  const names = namesIn(text, /\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)/gi)
  const { rows } = await client.query<{ index: string }>(
    `SELECT indexrelid::regclass::text AS index FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace AND relname = ANY ($1)`,
    [names],
  )
  for (const { index } of rows) await client.query(`DROP INDEX CONCURRENTLY ${index}`)
}

/**
 * Whether an earlier attempt had got through, and only its end was not noted: runners that do not record a script together with
 * what it does (Prisma's own, and ours before) may be killed between the two.
 *
 * A script is one transaction, unless it has transactions of its own. So it is there as a whole when what it made is in its own way
 * now, or what it removed is missing, and all its tables and indexes exist.
 */
async function hadCommitted(client: pg.Client, { script, cutOff }: Migration, error: unknown): Promise<boolean> {
  const same = cutOff.filter(({ checksum }) => checksum === history.checksumOf(script)).at(-1)
  const text = script.toString('utf8')
  if (same === undefined || /\b(COMMIT|ROLLBACK|START\s+TRANSACTION)\b/i.test(text)) return false
  const made = namesIn(
    text,
    /\bCREATE\s+(?:TABLE|(?:UNIQUE\s+)?INDEX)\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)/gi,
  )
  if (!isThereAlready(error) && !(isGoneAlready(error) && made.length > 0)) return false
  const { rows } = await client.query<{ missing: number }>(
    `SELECT count(*)::int AS missing FROM unnest($1::text[]) AS name
     WHERE to_regclass(quote_ident(current_schema()) || '.' || quote_ident(name)) IS NULL`,
    [made],
  )
  if (rows[0]?.missing !== 0) return false
  await client.query('BEGIN')
  await history.recordFinished(client, same)
  await client.query('COMMIT')
  return true
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name ?? '')
}

/** active_sql_transaction */
function isRefusedInTransaction(error: unknown): boolean {
  return codeOf(error) === '25001'
}

/** A table or index, a column, another object, a function, a schema. */
function isThereAlready(error: unknown): boolean {
  return ['42P07', '42701', '42710', '42723', '42P06'].includes(codeOf(error))
}

/** The same. */
function isGoneAlready(error: unknown): boolean {
  return ['42P01', '42703', '42704', '42883', '3F000'].includes(codeOf(error))
}

/** Conflicts with other transactions, resources, cancelled by hand, idle for too long. */
function isPassing(error: unknown): boolean {
  return isDatabaseAway(error) || /^(40...|53...|55P03|57014|57P..|25P03)$/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
