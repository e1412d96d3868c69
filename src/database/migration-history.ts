import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { describeError, MigrationError } from './migration-error.js'

type Connection = pg.ClientBase | pg.Pool

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

/** @throws MigrationError P3009 when a migration has failed, or was cut off, and nobody has resolved it */
export async function refuseAfterFailure(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; started: Date }>(
    `SELECT migration_name AS name, started_at AS started FROM _prisma_migrations
     WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at LIMIT 1`,
  )
  const [failed] = rows
  if (failed === undefined) return
  throw new MigrationError(
    'P3009',
    `The migration ${failed.name}, started ${failed.started.toISOString()}, failed: ` +
      'resolve it before new ones are applied (https://pris.ly/d/migrate-resolve)',
  )
}

/** @returns id of the row */
export async function recordStart(client: pg.Client, name: string, script: Buffer): Promise<string> {
  const id = randomUUID()
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name) VALUES ($1, $2, now(), $3)',
    [id, createHash('sha256').update(script).digest('hex'), name],
  )
  return id
}

export async function recordSuccess(client: pg.Client, id: string): Promise<void> {
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = applied_steps_count + 1 WHERE id = $1',
    [id],
  )
}

export async function recordFailure(client: pg.Client, id: string, error: unknown): Promise<void> {
  await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, describeError(error)])
}

async function hasHistory(client: Connection): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT to_regclass(quote_ident(current_schema()) || '._prisma_migrations') IS NOT NULL AS found`,
  )
  return rows[0]?.found === true
}
