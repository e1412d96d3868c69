import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrationsDirectory } from '../../src/database/connect.js'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { migrate } from '../../src/database/migrate.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A server to make databases on, and the migrated database that new ones are copied from. */
    postgresUrl: string
    templateName: string
  }
}

/** Bytes that the databases of a run need at most, with room for several runs beside one another. */
const clusterBytes = 4 * 2 ** 30

/** One PostgreSQL for the whole run: TEST_DATABASE_URL, or an embedded one in a temporary folder, in memory where there is room. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const dataDir = given ? null : await mkdtemp(join(await clusterParent(), 'smart-link-test-'))
  const embedded = dataDir ? await startEmbeddedPostgres({ dataDir }) : null
  const url = given ?? embedded?.url ?? ''
  const templateName = `smart_link_template_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${templateName}`)
  await migrate(databaseUrl(url, templateName), { directory: migrationsDirectory })
  project.provide('postgresUrl', url)
  project.provide('templateName', templateName)
  return async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${templateName} WITH (FORCE)`)
    await admin.end()
    await embedded?.stop()
    if (dataDir) await rm(dataDir, { recursive: true, force: true })
  }
}

/**
 * A tmpfs that every user may write to, as the cluster belongs to another user when root runs the suite; else the folder for
 * temporary files. fsync stays on and costs nothing there. What must see a disk makes a folder of its own.
 */
async function clusterParent(): Promise<string> {
  const memory = '/dev/shm'
  const [mode, space] = await Promise.all([stat(memory), statfs(memory)]).catch(() => [null, null])
  if (mode === null || space === null) return tmpdir()
  const tmpfsMagic = 0x01021994
  const isOpen = (mode.mode & 0o1777) === 0o1777
  const hasRoom = space.bavail * space.bsize > clusterBytes
  return space.type === tmpfsMagic && isOpen && hasRoom ? memory : tmpdir()
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const address = new URL(url)
  address.pathname = `/${name}`
  return address.href
}
