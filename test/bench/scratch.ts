/** Empty databases of the benchmark: one on a given server, one embedded. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrationsDirectory } from '../../src/database/connect.js'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { migrate } from '../../src/database/migrate.js'

export interface ScratchDatabase {
  /** What the tables call it. */
  name: string
  /** Another one in each: a process remembers which user agents and places an owner has stored. */
  ownerId: number
  url: string
  /** What a server process needs to work on it. */
  env: Record<string, string>
  /** Drops it, unless it is kept. */
  close(): Promise<void>
}

/** A migrated database on the server of `url`. */
export async function externalDatabase(url: string, keep: string | null): Promise<ScratchDatabase> {
  const database = keep === null ? `smart_link_bench_${randomBytes(4).toString('hex')}` : `smart_link_kept_${keep}`
  await createMissing(url, database)
  const own = new URL(url)
  own.pathname = `/${database}`
  await prepare(own.href)
  return {
    name: 'PostgreSQL',
    ownerId: 1,
    url: own.href,
    env: { DATABASE_URL: own.href },
    close: async () => {
      if (keep === null) await administer(url, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    },
  }
}

/** A migrated database of the embedded PostgreSQL, in a folder of its own. */
export async function embeddedDatabase(keep: string | null): Promise<ScratchDatabase> {
  const dataDir = join(tmpdir(), keep === null ? `smart-link-bench-${process.pid}` : `smart-link-kept-${keep}`)
  await mkdir(dataDir, { recursive: true })
  const server = await startEmbeddedPostgres({ dataDir })
  await prepare(server.url)
  return {
    name: 'embedded',
    ownerId: 2,
    url: server.url,
    env: { DATA_DIR: dataDir, DATABASE_URL: '' },
    close: async () => {
      await server.stop()
      if (keep === null) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** @throws when a kept database was made by migrations that have been edited since: it would measure another schema */
async function prepare(url: string): Promise<void> {
  await migrate(url, { directory: migrationsDirectory })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const applied = await client
    .query<{ name: string; checksum: string }>('SELECT migration_name AS name, checksum FROM _prisma_migrations')
    .finally(() => client.end())
  for (const { name, checksum } of applied.rows) {
    const script = await readFile(join(migrationsDirectory, name, 'migration.sql'))
    if (createHash('sha256').update(script).digest('hex') === checksum) continue
    throw new Error(`the kept database was made by another version of ${name}: keep under a new name`)
  }
}

async function createMissing(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  } finally {
    await client.end()
  }
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
