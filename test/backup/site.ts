import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import { runInProcess } from '../support/command-line.js'
import { databaseUrl } from '../support/postgres.js'
import { newVisit, newWebhook, storeLink, storeLinks, storeRecipients } from '../support/visits.js'

/** A wholly empty database; dropped with the test. */
export async function emptyDatabase(): Promise<string> {
  const server = inject('postgresUrl')
  const name = `smart_link_restored_${randomBytes(6).toString('hex')}`
  await query(server, `CREATE DATABASE ${name}`)
  onTestFinished(() => query(server, `DROP DATABASE ${name} WITH (FORCE)`).then(() => {}))
  return databaseUrl(server, name)
}

/** A folder for files; removed with the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'smart-link-backup-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Runs statements on a connection that is none of ours to the command line. */
export async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' })
  await client.connect()
  try {
    const { rows } = await client.query(text, values)
    return rows
  } finally {
    await client.end()
  }
}

/** `smart-link restore` into the database at this address. */
export async function restore(db: Database, url: string, file: string, env: Record<string, string> = {}) {
  return runInProcess(db, ['restore', file], { env: { DATABASE_URL: url, ...env } })
}

/** Owners 1 and 2 with links, recipients, a webhook and visits, and something in each other table. */
export async function fill(db: Database): Promise<void> {
  for (const owner of [1, 2]) {
    await storeLinks(db, owner, 10, 11)
    const webhookId = await newWebhook(db, owner, 'https://example.com/hook')
    await storeLink(db, owner, 12, {
      webhookId,
      title: 'tab\tline\nbackslash \\. quote " ä 𝄞',
      tags: ['', 'a,b', 'NULL', '\\N'],
    })
    await storeRecipients(db, owner, 10, ['+41791234567', '+41791234568'], [`o${owner}x1`, `o${owner}x2`])
    const visits = [10, 10, 11, 12].flatMap((link) => [
      newVisit(link, { queryString: `a\\N=\t${link}\r\n\\.`, options: { screen: [1, null] } }),
      newVisit(link, { isBot: true, clientIp: '2001:db8::1', place: null }),
    ])
    await appendVisits(db, owner, [newVisit(10, { recipientId: 1 }), ...visits])
    await db.pool.query(
      `INSERT INTO webhook_deliveries (user_id, link_id, seq, webhook_id, id, attempts, last_error)
       VALUES ($1, 12, 1, $2, gen_random_uuid(), 3, E'no\tanswer')`,
      [owner, webhookId],
    )
  }
  await fillEmptyTables(db)
}

/** Values of each type in tables that have none, whatever they are: a table that is new is in a backup as well. */
async function fillEmptyTables({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ name: string; columns: string; values: string }>(
    `SELECT c.relname AS name, string_agg(format('%I', a.attname), ', ' ORDER BY attnum) AS columns,
       string_agg(CASE
         WHEN a.attname = 'user_id' THEN 'n'
         WHEN format_type(atttypid, NULL) IN ('bigint', 'integer', 'smallint') THEN 'n + 40'
         WHEN format_type(atttypid, NULL) = 'uuid' THEN 'gen_random_uuid()'
         WHEN format_type(atttypid, NULL) = 'bytea' THEN $$'\\x00ff5c0a' || decode(to_hex(n + 16), 'hex')$$
         WHEN format_type(atttypid, NULL) = 'boolean' THEN 'n = 1'
         WHEN format_type(atttypid, NULL) = 'uuid[]' THEN 'ARRAY[gen_random_uuid()]'
         WHEN format_type(atttypid, NULL) = 'text[]' THEN $$ARRAY['', E'a\\tb', NULL]$$
         WHEN format_type(atttypid, NULL) LIKE 'json%' THEN $$'{"a": "\\\\n"}'$$
         WHEN format_type(atttypid, NULL) LIKE 'timestamp%' THEN 'clock_timestamp()'
         ELSE $$n || E'\\\\.\\n'$$ END, ', ' ORDER BY attnum) AS values
     FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND NOT atthasdef
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> '_prisma_migrations' GROUP BY c.relname`,
  )
  for (const { name, columns, values } of rows) {
    const { rowCount } = await pool.query(`SELECT FROM "${name}" LIMIT 1`)
    if (rowCount === 0)
      await pool.query(`INSERT INTO "${name}" (${columns}) SELECT ${values} FROM generate_series(1, 2) n`)
  }
}

/** A new one begins with a restore, and in another database by itself (database/log-epoch.ts). */
const ofEpochs = ['log_epochs', 'log_epoch_starts']

/** All rows of all tables, as text, without what is of epochs. */
export async function contentOf(url: string): Promise<Record<string, string[]>> {
  const tables = await query(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  )
  const content: Record<string, string[]> = {}
  for (const { name } of tables.filter(({ name }) => !['_prisma_migrations', ...ofEpochs].includes(String(name)))) {
    const rows = await query(url, `SELECT t::text AS row FROM "${name}" t ORDER BY t::text COLLATE "C"`)
    content[String(name)] = rows.map(({ row }) => String(row))
  }
  return content
}

/** What a schema is made of, in words that all versions of PostgreSQL have. */
export async function schemaOf(url: string): Promise<string[]> {
  const rows = await query(
    url,
    `SELECT indexdef AS text FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
     UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL SELECT format('%s.%s %s %s %s', table_name, ordinal_position, column_name, data_type, column_default)
       FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
     UNION ALL SELECT 'migration ' || migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL
     UNION ALL SELECT format('%s %s', relname, reloptions) FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm')
     ORDER BY text`,
  )
  return rows.map(({ text }) => String(text))
}
