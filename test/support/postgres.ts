import { mkdtemp, rm } from 'node:fs/promises'
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

/** One PostgreSQL for the whole run: TEST_DATABASE_URL, or an embedded one in a temporary folder. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const dataDir = given ? null : await mkdtemp(join(tmpdir(), 'smart-link-test-'))
  const embedded = dataDir ? await startEmbeddedPostgres({ dataDir }) : null
  const url = given ?? embedded?.url ?? ''
  const templateName = `smart_link_template_${process.pid}`
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

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const address = new URL(url)
  address.pathname = `/${name}`
  return address.href
}
