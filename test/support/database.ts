import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject, onTestFinished } from 'vitest'
import { type Database, type DatabaseOptions, openDatabase } from '../../src/database/open.js'
import { databaseUrl } from './postgres.js'

export interface TestDatabase {
  db: Database
  url: string
  drop(): Promise<void>
}

/** A migrated, empty database of its own; dropped with the test. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await createDatabase(inject('templateName'))
  onTestFinished(database.drop)
  return database
}

/**
 * One database for all tests of a file, with nothing in it for each that asks: a fifth of what a new one costs. To be called outside
 * of tests, and for those that change nothing but rows.
 *
 * @returns the database, until it is asked for again
 */
export function emptiedDatabase(): () => Promise<Pick<TestDatabase, 'db' | 'url'>> {
  let shared: Promise<TestDatabase> | undefined
  let given: Database | undefined
  afterAll(async () => {
    await given?.close()
    await (await shared)?.drop()
  })
  return async () => {
    shared ??= createDatabase(inject('templateName'))
    const { url, db } = await shared
    await given?.close()
    await db.pool.query(emptyTables)
    // Opened each time: what a process keeps in memory of a database, it keeps by this object.
    given = openPatiently({ url, connections: 4 })
    return { db: given, url }
  }
}

const emptyTables = `DO $$
DECLARE
  name text;
  filled text[] := '{}';
  is_filled boolean;
BEGIN
  FOR name IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO is_filled;
    IF is_filled THEN filled := filled || name; END IF;
  END LOOP;
  IF filled <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' RESTART IDENTITY CASCADE'; END IF;
END $$`

/** A migrated, empty database for a whole file: the caller drops it. */
export async function createDatabase(template: string): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `smart_link_test_${randomBytes(6).toString('hex')}`
  await admin(server, `CREATE DATABASE ${name} TEMPLATE ${template}`)
  const url = databaseUrl(server, name)
  const db = openPatiently({ url, connections: 4 })
  const drop = async () => {
    await db.close()
    // FORCE may not end an autovacuum worker, which belongs to the superuser; a plain drop waits for it to go.
    const dropped = admin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await dropped.catch(() => admin(server, `DROP DATABASE IF EXISTS ${name}`))
  }
  return { db, url, drop }
}

/** A database whose connections are waited for as long as it takes: on a busy machine one may be slow to come. */
export function openPatiently(options: DatabaseOptions): Database {
  const db = openDatabase(options)
  Object.assign(db.pool.options, { connectionTimeoutMillis: 60_000 })
  return db
}

async function admin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
