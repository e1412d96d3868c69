import { createHash, randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { migrationsDirectory } from '../../src/database/connect.js'
import { contractBeyond, migrate, pendingMigrations } from '../../src/database/migrate.js'
import { databaseUrl } from '../support/postgres.js'

const FIRST = 'CREATE TABLE first (id int);\nINSERT INTO first VALUES (1);\n'
const SECOND = 'CREATE INDEX CONCURRENTLY first_id ON first (id);\n'

let directory: string
let name: string
let url: string
let client: pg.Client

beforeAll(async () => {
  name = `smart_link_migrate_${randomBytes(6).toString('hex')}`
  await onServer(`CREATE DATABASE ${name} TEMPLATE template0`)
  url = databaseUrl(inject('postgresUrl'), name)
  client = new pg.Client(url)
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
})

/** An empty schema and an empty directory of migrations for each test. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrations-'))
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
})

afterEach(async () => {
  await client.query('ROLLBACK')
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
    expect(await migrate(url, { directory })).toEqual([])
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

  it('of a newer version stand in the way of this one where they took away what it needs', async () => {
    await migration('1_first', FIRST)
    await migration('2_more', 'ALTER TABLE first ADD COLUMN name text')
    await migration('3_less_contract', 'ALTER TABLE first DROP COLUMN id')
    await migrate(url, { directory })
    await rm(join(directory, '3_less_contract'), { recursive: true })
    await rm(join(directory, '2_more'), { recursive: true })
    expect(await contractBeyond(client, directory)).toEqual({ name: '3_less_contract', known: '1_first' })
    await client.query(`DELETE FROM _prisma_migrations WHERE migration_name = '3_less_contract'`)
    expect(await contractBeyond(client, directory)).toBeNull()
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
      ...{
        name: 'MigrationError',
        code: 'P3018',
        message: expect.stringMatching(/ failed: 22012 division by zero\. .*$/),
      },
    })
    expect(await tables()).toEqual(['_prisma_migrations', 'first'])
    expect(
      await all('SELECT logs, finished_at, applied_steps_count AS n FROM _prisma_migrations ORDER BY 3'),
    ).toMatchObject([
      { logs: '22012 division by zero', finished_at: null, n: 0 },
      { logs: null, n: 1 },
    ])
    await expect(migrate(url, { directory })).rejects.toMatchObject({
      code: 'P3009',
      message: expect.stringMatching(
        /^The migration 2_broken, started [^\n]*, failed: 22012 division by zero\. [^\n]*smart-link migrate --resolve 2_broken$/,
      ),
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
    ['after a ROLLBACK of its own', 'CREATE TABLE second (id int); ROLLBACK;', /rolls back the transaction/],
    ['as a statement that has to be alone', 'CREATE TABLE second (id int); VACUUM second', /VACUUM cannot/],
  ])('%s is recorded with its reason', async (_, script, reason) => {
    await migration('1_broken', script)
    await expect(migrate(url, { directory })).rejects.toMatchObject({
      code: 'P3018',
      message: expect.stringMatching(reason),
    })
    expect(await all('SELECT logs FROM _prisma_migrations')).toEqual([{ logs: expect.stringMatching(reason) }])
    expect(await tables()).toEqual(['_prisma_migrations'])
  })

  it('is applied again when it is resolved, or counts as applied when that was done by hand', async () => {
    await migration('1_first', FIRST)
    await migration('2_broken', 'INSERT INTO first SELECT 1 / (id - 1) FROM first')
    await migration('3_last', 'CREATE TABLE last (id int)')
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    await expect(resolved('2_broken')).rejects.toMatchObject({ code: 'P3018' })
    await client.query('UPDATE first SET id = 2')
    expect(await resolved('2_broken')).toEqual(['2_broken', '3_last'])
    expect(await all('SELECT id FROM first')).toEqual([{ id: 2 }, { id: 1 }])

    await migration('4_broken', 'SELECT 1 / 0')
    await migration('5_last', 'SELECT 1')
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    expect(await resolved('4_broken', true)).toEqual(['5_last'])
    expect(await unresolved()).toEqual([])
    expect(await migrate(url, { directory })).toEqual([])
  })

  it('is nothing to resolve when it is another one', async () => {
    await migration('1_first', FIRST)
    await migration('2_broken', 'SELECT 1 / 0')
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    for (const name of ['1_first', '3_none']) await expect(resolved(name)).rejects.toMatchObject({ code: 'P3012' })
    expect(await unresolved()).toEqual(['2_broken'])
  })
})

describe('a migration that is cut off', () => {
  it('in its script leaves nothing, and the next run applies it', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('2_second', 'CREATE TABLE second (id int);\nALTER TABLE first ADD COLUMN name text')
    await client.query('BEGIN; SELECT FROM first')
    const cut = expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    await expect.poll(() => terminate(`wait_event_type = 'Lock'`)).toBe(1)
    await cut
    await client.query('COMMIT')
    expect([await tables(), await unresolved()]).toEqual([['_prisma_migrations', 'first'], []])
    expect(await migrate(url, { directory })).toEqual(['2_second'])
    expect(await tables()).toEqual(['_prisma_migrations', 'first', 'second'])
  })

  it('by somebody who holds a lock is applied when the lock is free', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('2_second', "SET lock_timeout = '20ms';\nALTER TABLE first ADD COLUMN name text")
    await client.query('BEGIN; SELECT FROM first')
    const said: string[] = []
    const migrating = migrate(url, { directory, log: (line) => said.push(line) })
    await expect.poll(() => said).toEqual(['migration 2_second waits for a lock that somebody else has'])
    await client.query('COMMIT')
    expect(await migrating).toEqual(['2_second'])
  })

  it('by somebody who holds a lock keeps nobody else from the table for longer than a moment', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('2_second', 'ALTER TABLE first ADD COLUMN name text')
    await client.query('BEGIN; SELECT FROM first')
    const migrating = migrate(url, { directory })
    const waiting = `SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = 'first'::regclass`
    await expect.poll(() => all(waiting)).toEqual([{ count: 1 }])
    // Behind the migration, which waits behind the open transaction.
    const reader = new pg.Client(url)
    await reader.connect()
    const read = await reader.query('SELECT id FROM first').finally(() => reader.end())
    expect(read.rows).toEqual([{ id: 1 }])
    await client.query('COMMIT')
    expect(await migrating).toEqual(['2_second'])
  })

  it('while an index is built beside the work of others is begun again without what was left', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('2_second', SECOND)
    await client.query('BEGIN; INSERT INTO first VALUES (2)')
    const cut = expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    await expect.poll(() => terminate(`wait_event_type = 'Lock' AND query = $1`, [SECOND])).toBe(1)
    await cut
    await client.query('COMMIT')
    const index = `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'first_id'::regclass`
    expect([await all(index), await unresolved()]).toEqual([[{ valid: false }], ['2_second']])
    expect(await migrate(url, { directory })).toEqual(['2_second'])
    expect([await all(index), await unresolved()]).toEqual([[{ valid: true }], []])
  })

  it('before its script ran, as a row of an earlier version says, is undone and applied', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await migration('2_second', SECOND)
    await cutOff('2_second', SECOND)
    expect(await migrate(url, { directory })).toEqual(['2_second'])
    expect(
      await all(`SELECT finished_at IS NULL AS cut, rolled_back_at IS NULL AS counts, applied_steps_count AS n
        FROM _prisma_migrations WHERE migration_name = '2_second' ORDER BY started_at`),
    ).toEqual([
      { cut: true, counts: false, n: 0 },
      { cut: false, counts: true, n: 1 },
    ])
  })

  it.each([
    ['a table', FIRST],
    ['a column', 'ALTER TABLE before ADD COLUMN name text'],
    ['an index by itself', 'CREATE INDEX CONCURRENTLY before_id ON before (id)'],
  ])('after its script made %s, as a row of an earlier version says, is finished', async (_, script) => {
    await migration('1_before', 'CREATE TABLE before (id int)')
    await migration('2_cut', script)
    await migrate(url, { directory })
    await client.query(`DELETE FROM _prisma_migrations WHERE migration_name = '2_cut'`)
    await cutOff('2_cut', script)
    await migration('3_last', 'CREATE TABLE last (id int)')
    expect(await migrate(url, { directory })).toEqual(['2_cut', '3_last'])
    expect([await unresolved(), await migrate(url, { directory })]).toEqual([[], []])
    expect(await all('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL')).toHaveLength(3)
  })

  it.each([
    ['a part of it is missing', 'CREATE TABLE first (id int); CREATE TABLE second (id int)', undefined],
    ['it has transactions of its own', 'CREATE TABLE first (id int); COMMIT; SELECT 1', undefined],
    ['it is another script now', 'CREATE TABLE first (id bigint)', 'CREATE TABLE first (id int)'],
  ])('and whose table is there is not taken for finished when %s', async (_, script, formerScript = script) => {
    await migrate(url, { directory })
    await cutOff('1_first', formerScript)
    await client.query('CREATE TABLE first (id int)')
    await migration('1_first', script)
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3018' })
    await expect(migrate(url, { directory })).rejects.toThrow(/smart-link migrate --resolve 1_first$/)
  })

  it('of a version that is not this one stays in the way', async () => {
    await migration('1_first', FIRST)
    await migrate(url, { directory })
    await cutOff('2_newer', SECOND)
    await expect(migrate(url, { directory })).rejects.toMatchObject({ code: 'P3009' })
  })

  it.each(['without what its script did', 'with all of it'])(
    'is, of those of this version, applied again in each place: %s',
    async (kind) => {
      const names = await pendingMigrations(client, migrationsDirectory)
      await migrate(url, { directory })
      for (const name of names) {
        await cp(join(migrationsDirectory, name), join(directory, name), { recursive: true })
        const script = await readFile(join(directory, name, 'migration.sql'), 'utf8')
        if (kind === 'with all of it') {
          await migrate(url, { directory })
          await client.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [name])
        }
        await cutOff(name, script)
        expect(await migrate(url, { directory })).toEqual([name])
      }
      expect([await unresolved(), await pendingMigrations(client, migrationsDirectory)]).toEqual([[], []])
      expect(await tables()).toContain('visits')
    },
  )
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

async function resolved(name: string, isApplied = false): Promise<string[]> {
  return migrate(url, { directory, resolve: { name, isApplied } })
}

/** The row of a runner that died before it could say how its script ended. */
async function cutOff(name: string, script: string): Promise<void> {
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (gen_random_uuid(), $1, $2)',
    [sha256(script), name],
  )
}

async function unresolved(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  )
  return rows.map((row) => row.name)
}

/** Ends the sessions on the database, besides the test's own, that are as said: how many they were. */
async function terminate(condition: string, values: string[] = []): Promise<number | null> {
  const { rowCount } = await onServer(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND ${condition}`,
    values,
  )
  return rowCount
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

async function onServer(sql: string, values?: string[]): Promise<pg.QueryResult> {
  const admin = new pg.Client(inject('postgresUrl'))
  await admin.connect()
  return admin.query(sql, values).finally(() => admin.end())
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
