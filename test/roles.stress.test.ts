import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bearer, testSecret } from './support/app.js'
import { testDatabase } from './support/database.js'
import { startReceiver } from './support/receiver.js'
import { startServerProcess } from './support/server-process.js'
import { newWebhook, storeLink } from './support/visits.js'

const headers = bearer({ sub: '26', scope: 'admin visits:pii' })

/** A database with link 21 of owner 26, which has a webhook, and processes on it that each do a part of the work. */
async function site() {
  const { db, url } = await testDatabase()
  const receiver = await startReceiver()
  await storeLink(db, 26, 21, { webhookId: await newWebhook(db, 26, receiver.url) })
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-roles-'))
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }))
  const start = async (...only: string[]) => {
    const env = { DATABASE_URL: url, DATA_DIR, WEBHOOK_ALLOW_PRIVATE: 'on' }
    const args = only.flatMap((roles) => ['--only', roles])
    const server = startServerProcess({ ...env, ...(only.join().includes('api') && { JWT_SECRET: testSecret }) }, args)
    const address = await server.address()
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(address + path, { method, headers, redirect: 'manual' })
      return { status: answer.status, body: await answer.text() }
    }
    const statuses = async (...paths: string[]) => Promise.all(paths.map(async (path) => (await ask(path)).status))
    return { ...server, address, ask, statuses }
  }
  return { db, receiver, DATA_DIR, start }
}

const paths = ['/health', '/ready', '/link/urls/21', '/openapi.json', '/docs', '/link26x21', '/nobody']

describe('a process that has one role', () => {
  it('api: answers the API and opens no links', async () => {
    const { db, start } = await site()
    const { ask, statuses } = await start('api')
    expect(await statuses(...paths)).toEqual([200, 200, 200, 200, 200, 404, 404])
    expect(JSON.parse((await ask('/link26x21')).body).message).toBe('Not Found')
    expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(0)
  })

  it('redirect: opens links and has no API, nor a secret for it', async () => {
    const { db, start, DATA_DIR } = await site()
    const { ask, statuses } = await start('redirect')
    expect(await statuses(...paths)).toEqual([200, 200, 404, 404, 404, 302, 404])
    expect(JSON.parse((await ask('/link/urls/21')).body).message).toBe('Not Found')
    expect((await db.pool.query('SELECT FROM visits')).rowCount).toBe(1)
    expect([existsSync(join(DATA_DIR, 'spool')), existsSync(join(DATA_DIR, 'jwt-secret'))]).toEqual([true, false])
  })

  it('work: answers nothing but whether it is well', async () => {
    const { start, DATA_DIR } = await site()
    const { statuses, child, ended } = await start('work')
    expect(await statuses(...paths)).toEqual([200, 200, 404, 404, 404, 404, 404])
    expect([existsSync(join(DATA_DIR, 'spool')), existsSync(join(DATA_DIR, 'jwt-secret'))]).toEqual([false, false])
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

it('what is recorded and deleted by some processes is told and removed by the one that works, and only then', async () => {
  const { db, receiver, start } = await site()
  const [redirect, api] = await Promise.all([start('redirect'), start('api')])
  await storeLink(db, 26, 22)
  for (const path of ['/link26x21', '/link26x21', '/link26x22']) expect((await redirect.ask(path)).status).toBe(302)
  expect((await api.ask('/link/urls/22', 'DELETE')).status).toBe(200)
  const page = JSON.parse((await api.ask('/link/urls/21/visits')).body)
  expect(page.meta.total).toBe(2)
  for (const { child, ended } of [redirect, api]) {
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  }
  const left = async () => {
    const { rows } = await db.pool.query(`SELECT
      (SELECT count(*)::int FROM webhook_deliveries WHERE state = 'pending') AS pending,
      (SELECT count(*)::int FROM visits WHERE link_id = 22) AS visits,
      (SELECT count(*)::int FROM links WHERE removed_at IS NOT NULL) AS removed`)
    return rows[0]
  }
  expect([await left(), receiver.received]).toEqual([{ pending: 2, visits: 1, removed: 0 }, []])

  await start('work')
  await expect.poll(left).toEqual({ pending: 0, visits: 0, removed: 1 })
  const ids = page.data.map(({ id }: { id: string }) => id)
  expect(receiver.messages().map(({ id }) => id)).toEqual([...ids].reverse())
})

it('several roles can be given, with commas or one by one', async () => {
  const { start } = await site()
  for (const only of [['api,redirect'], ['redirect', 'api']]) {
    expect(await (await start(...only)).statuses(...paths)).toEqual([200, 200, 200, 200, 200, 302, 404])
  }
})
