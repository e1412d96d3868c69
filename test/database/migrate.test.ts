import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { migrate, pendingMigrations } from '../../src/database/migrate.js'
import { databaseUrl } from '../support/postgres.js'

const FIRST = 'CREATE TABLE first (id int);\nINSERT INTO first VALUES (1);\n'
const SECOND = 'CREATE INDEX CONCURRENTLY first_id ON first (id);\n'

let directory: string
let name: string
let url: string
let client: pg.Client

/** An empty database and an empty directory of migrations for each test. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrations-'))
  name = `smart_link_migrate_${randomBytes(6).toString('hex')}`
  await onServer(`CREATE DATABASE ${name} TEMPLATE template0`)
  url = databaseUrl(inject('postgresUrl'), name)
  client = new pg.Client(url)
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
  await rm(directory, { recursive: true })
})

describe('migrations', () => {
  it('are applied in the order of their names, once, and recorded as Prisma records them', async () => {
    await migration('20260102_second', SECOND)
    await migration('20260101_first', FIRST)
    await writeFile(join(directory, 'migration_lock.toml'), 'provider = "postgresql"\n')
    const lines: string[] = []
    expect(await migrate(url, { directory, log: (line) => lines.push(line) })).toEqual([
      '20260101_first',
      '20260102_second',
    ])
    expect(lines).toEqual(['applied migration 20260101_first', 'applied migration 20260102_second'])
    expect(await migrate({ connectionString: url }, { directory })).toEqual([])
    const { rows } = await client.query(
      `SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, id ~ '^[0-9a-f-]{36}$' AS uuid,
         finished_at >= started_at AS finished FROM _prisma_migrations ORDER BY started_at`,
    )
    const row = { logs: null, rolled_back_at: null, applied_steps_count: 1, uuid: true, finished: true }
    expect(rows).toEqual([
      { migration_name: '20260101_first', checksum: sha256(FIRST), ...row },
      { migration_name: '20260102_second', checksum: sha256(SECOND), ...row },
    ])
  })

  it("are kept in a table of the same shape as Prisma's", async () => {
    await migrate(url, { directory })
    const { rows } = await client.query<{ column: string }>(
      `SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
         pg_get_expr(adbin, adrelid)) AS column FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = '_prisma_migrations'::regclass AND attnum > 0 ORDER BY attnum`,
    )
    expect(rows.map((row) => row.column)).toEqual([
      'id character varying(36) not null',
      'checksum character varying(64) not null',
      'finished_at timestamp with time zone',
      'migration_name character varying(255) not null',
      'logs text',
      'rolled_back_at timestamp with time zone',
      'started_at timestamp with time zone not null now()',
      'applied_steps_count integer not null 0',
    ])
  })

  it('are applied once by six runners at once, even where a step waits for other sessions', async () => {
    await migration('1_first', FIRST)
    await migration('2_second', SECOND)
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(url, { directory })))
    expect(applied.flat().sort()).toEqual(['1_first', '2_second'])
    expect(await all('SELECT id FROM first')).toEqual([{ id: 1 }])
    expect(await all('SELECT count(*)::int FROM _prisma_migrations')).toEqual([{ count: 2 }])
  })

  it('may change the session without disturbing the next one', async () => {
    await migration(
      '1_dump',
      "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.first (id int);",
    )
    await migration('2_plain', 'INSERT INTO first VALUES (2)')
    expect(await migrate(url, { directory })).toEqual(['1_dump', '2_plain'])
    expect(await all('SELECT id FROM first')).toEqual([{ id: 2 }])
  })

  it('edited after they were applied are let be, as deploy does', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('1_first', `${FIRST}-- edited`)
    expect(await migrate(url, { directory })).toEqual([])
  })

  it('are pending until they are applied', async () => {
    await migration('1_first', FIRST)
    expect(await pendingMigrations(client, directory)).toEqual(['1_first'])
    await migrate(url, { directory })
    await migration('2_second', SECOND)
    expect(await pendingMigrations(client, directory)).toEqual(['2_second'])
  })
})

describe('a migration that fails', () => {
  it('leaves nothing of itself, keeps what came before, and stops all later runs until it is resolved', async () => {
    await migration('1_first', FIRST)
    await migration('2_broken', 'CREATE TABLE second (id int);\nSELECT 1 / 0;\n')
    await migration('3_never', 'CREATE TABLE third (id int)')
    await expect(migrate(url, { directory })).rejects.toMatchObject({
      ...{ name: 'MigrationError', code: 'P3018', message: 'The migration 2_broken failed: 22012 division by zero' },
    })
    expect(await tables()).toEqual(['_prisma_migrations', 'first'])
    expect(
      await all('SELECT logs, finished_at, applied_steps_count AS n FROM _prisma_migrations ORDER BY 3'),
    ).toMatchObject([
      { logs: '22012 division by zero', finished_at: null, n: 0 },
      { logs: null, n: 1 },
    ])
    await expect(migrate(url, { directory })).rejects.toMatchObject({
      ...{ code: 'P3009', message: expect.stringMatching(/^The migration 2_broken, started [^\n]*, failed: [^\n]*$/) },
    })
    expect(await pendingMigrations(client, directory)).toEqual(['2_broken', '3_never'])

    // What `prisma migrate resolve --rolled-back` does.
    await client.query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '2_broken'")
    await migration('2_broken', 'CREATE TABLE second (id int)')
    expect(await migrate(url, { directory })).toEqual(['2_broken', '3_never'])
  })

  it.each([
    [
      'inside a transaction of its own',
      'BEGIN; CREATE TABLE second (id int); SELECT 1 / 0; COMMIT;',
      /division by zero/,
    ],
    ['by leaving a transaction open', 'BEGIN; CREATE TABLE second (id int);', /leaves a transaction open/],
  ])('%s is recorded with its reason', async (_, script, reason) => {
    await migration('1_broken', script)
    await expect(migrate(url, { directory })).rejects.toMatchObject({
      code: 'P3018',
      message: expect.stringMatching(reason),
    })
    expect(await all('SELECT logs FROM _prisma_migrations')).toEqual([{ logs: expect.stringMatching(reason) }])
    expect(await tables()).toEqual(['_prisma_migrations'])
  })

  it('because the connection was lost counts as failed', async () => {
    await migration('1_cut', 'SELECT pg_terminate_backend(pg_backend_pid())')
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3009' })
  })
})

describe('nothing is touched', () => {
  it('in a database that has tables but no history', async () => {
    await migration('1_first', FIRST)
    await client.query('CREATE TABLE somebodys (id int)')
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3005' })
    expect(await tables()).toEqual(['somebodys'])
  })

  it('by a migration without a script', async () => {
    await mkdir(join(directory, '1_empty'))
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3015' })
    expect(await all('SELECT FROM _prisma_migrations')).toEqual([])
  })

  it('without a directory of migrations', async () => {
    await expect(migrate(url, { directory: join(directory, 'none') })).rejects.toMatchObject({ code: 'P3015' })
  })

  it('without a server, and the message is one line that is not empty', async () => {
    // localhost is two addresses, which Node reports as one error without a message; nothing listens on port 1.
    await expect(migrate('postgresql://nobody@localhost:1/none', { directory })).rejects.toMatchObject({
      ...{ code: 'P1001', message: expect.stringMatching(/^Cannot connect to the database: .*ECONNREFUSED[^\n]*$/) },
    })
  })
})

async function migration(folder: string, script: string): Promise<void> {
  await mkdir(join(directory, folder), { recursive: true })
  await writeFile(join(directory, folder, 'migration.sql'), script)
}

async function all(sql: string): Promise<unknown[]> {
  return (await client.query(sql)).rows
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  )
  return rows.map((row) => row.name)
}

async function onServer(sql: string): Promise<void> {
  const admin = new pg.Client(inject('postgresUrl'))
  await admin.connect()
  await admin.query(sql).finally(() => admin.end())
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
