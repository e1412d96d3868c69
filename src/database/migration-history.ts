import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { describeError, MigrationError } from './migration-error.js'

type Connection = pg.ClientBase | pg.Pool

/** A row that says that a migration was begun, and neither that it was finished nor that it was undone. */
export interface UnresolvedMigration {
  id: string
  name: string
  checksum: string
  started: Date
  /** What went wrong; null where nobody was left to note it: the process or the connection ended. */
  failure: string | null
}

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

/** Tables of the schema; those that an extension brought do not count. */
const OWN_TABLES = `SELECT FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
  LIMIT 1`

/**
 * Makes sure that the database has the table `_prisma_migrations`.
 *
 * @throws MigrationError P3005 when it has other tables but not this one
 */
export async function openHistory(client: pg.Client): Promise<void> {
  if (await hasHistory(client)) return
  if ((await client.query(OWN_TABLES)).rowCount !== 0) {
    throw new MigrationError(
      'P3005',
      'The database schema is not empty: use an empty database, or baseline this one (https://pris.ly/d/migrate-baseline)',
    )
  }
  await client.query(CREATE_TABLE)
}

/** Names of the migrations that were applied and not rolled back. */
export async function appliedMigrations(client: Connection): Promise<Set<string>> {
  if (!(await hasHistory(client))) return new Set()
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  )
  return new Set(rows.map((row) => row.name))
}

/** Migrations that failed or were cut off, oldest first. Those of other processes at work are among them: hold the lock. */
export async function unresolvedMigrations(client: pg.Client): Promise<UnresolvedMigration[]> {
  const { rows } = await client.query<UnresolvedMigration>(
    `SELECT id, migration_name AS name, checksum, started_at AS started, nullif(logs, '') AS failure
     FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at`,
  )
  return rows
}

/** @returns id of the row */
export async function recordStart(client: pg.Client, name: string, script: Buffer): Promise<string> {
  const id = randomUUID()
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name) VALUES ($1, $2, clock_timestamp(), $3)',
    [id, checksumOf(script), name],
  )
  return id
}

/** @throws when the row is gone: the script rolled it back */
export async function recordSuccess(client: pg.Client, id: string): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = applied_steps_count + 1
     WHERE id = $1`,
    [id],
  )
  if (rowCount !== 1) throw new Error('the script rolls back the transaction that it runs in')
}

/** Of a row that is there, or that went with the transaction of its script. */
export async function recordFailure(
  client: pg.Client,
  { id, name, script, error }: { id: string; name: string; script: Buffer; error: unknown },
): Promise<void> {
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET logs = excluded.logs`,
    [id, checksumOf(script), name, describeError(error)],
  )
}

/** Of an attempt whose end was not noted, also when it was believed to be undone. Other attempts are undone. */
export async function recordFinished(client: pg.Client, { id, name }: UnresolvedMigration): Promise<void> {
  await client.query('UPDATE _prisma_migrations SET rolled_back_at = NULL WHERE id = $1', [id])
  await recordSuccess(client, id)
  await recordUndone(client, name)
}

/** As applied without us: no step of it was ours. */
export async function recordByHand(client: pg.Client, name: string, script: Buffer): Promise<void> {
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ($1, $2, $3, clock_timestamp())`,
    [randomUUID(), checksumOf(script), name],
  )
}

/** Whatever was begun of a migration and not finished counts no more, as after `prisma migrate resolve --rolled-back`. */
export async function recordUndone(client: pg.Client, name: string): Promise<void> {
  await client.query(
    `UPDATE _prisma_migrations SET rolled_back_at = clock_timestamp()
     WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL`,
    [name],
  )
}

export function checksumOf(script: Buffer): string {
  return createHash('sha256').update(script).digest('hex')
}

async function hasHistory(client: Connection): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT to_regclass(quote_ident(current_schema()) || '._prisma_migrations') IS NOT NULL AS found`,
  )
  return rows[0]?.found === true
}
