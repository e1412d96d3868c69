import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { migrationsDirectory } from '../../src/database/connect.js'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { migrate } from '../../src/database/migrate.js'
import { openSession } from '../../src/database/session.js'
import { commandLine } from '../support/programs.js'
import { startClicks } from './clicks.js'
import { expectKept, storeTokens, tokens } from './ledger.js'
import { startServer } from './server.js'

it('a server whose embedded database is moved away answers every click, and started anew stores all of them there', async () => {
  const root = await mkdtemp(join(tmpdir(), 'smart-link-move-'))
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }))
  const [dataDir, otherDir] = [join(root, 'data'), join(root, 'other')]
  const embedded = await startEmbeddedPostgres({ dataDir })
  await migrate(embedded.url, { directory: migrationsDirectory })
  await storeTokens(embedded.url)
  await embedded.stop()
  const other = await startEmbeddedPostgres({ dataDir: otherDir })
  onTestFinished(() => other.stop())
  const admin = await openSession(other.url)
  await admin.query('CREATE DATABASE moved')
  await admin.end()
  const target = Object.assign(new URL(other.url), { pathname: '/moved' }).href

  const env = { CAPTURE_WAIT_MS: '20000' }
  const server = await startServer({ url: '', dataDir, env })
  onTestFinished(() => server.kill())
  const clicks = startClicks(server.port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThanOrEqual(200)
  const commandEnv = { ...process.env, DATABASE_URL: '', DATA_DIR: dataDir }
  const { stderr } = await promisify(execFile)(process.execPath, [commandLine, 'move', '--to', target], {
    env: commandEnv,
  })
  expect(stderr).toMatch(/^Moved \d+ rows to /)
  const atMove = clicks.answered.size
  await expect.poll(() => clicks.answered.size).toBeGreaterThanOrEqual(atMove + 50)
  await clicks.stop()
  expect([[...clicks.refused], clicks.broken]).toEqual([[], 0])
  expect(await server.stop()).toBe(0)

  const again = await startServer({ url: target, dataDir, env })
  onTestFinished(() => again.kill())
  const looked = await openSession(target)
  const stored = async () =>
    Number((await looked.query<{ visits: string }>('SELECT count(*) AS visits FROM visits')).rows[0]?.visits)
  await expect.poll(stored).toBeGreaterThanOrEqual(clicks.answered.size)
  await looked.end()
  await expectKept(target, clicks.answered)
  expect(await again.stop()).toBe(0)
})
