import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { bearer, openApp, testApp, testSecret } from '../support/app.js'
import { stopClock } from '../support/clock.js'
import { runInProcess } from '../support/command-line.js'
import { createDatabase, type TestDatabase, testDatabase } from '../support/database.js'
import { addressOf, openStream } from '../support/event-stream.js'
import { openServerProcess } from '../support/server-process.js'
import { until } from '../support/until.js'
import { newVisit, storeLinks } from '../support/visits.js'

const measurer = 'a-token-of-those-who-measure'

let database: TestDatabase
let servers: ReturnType<typeof openServerProcess>[] = []
let addresses: string[] = []
beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  const unlimited = { RATE_LIMIT: '0', AUTH_FAILURES_LIMIT: '0' }
  const env = { DATABASE_URL: database.url, JWT_SECRET: testSecret, METRICS_TOKEN: measurer, ...unlimited }
  servers = [openServerProcess(env), openServerProcess(env)]
  addresses = await Promise.all(servers.map(({ address }) => address()))
})
afterAll(async () => {
  await Promise.all(servers.map(({ close }) => close()))
  await database?.drop()
})

/** Two servers, each a process of its own, on one database, and what they make of an owner's tokens. */
async function twoServers(ownerId: number) {
  const { db } = database
  const ask = (at: number, path: string, init: RequestInit = {}) => fetch(`${addresses[at]}${path}`, init)
  const statusAt = async (at: number, text: string) => (await ask(at, '/auth/me', { headers: withToken(text) })).status
  const statuses = (text: string) => Promise.all([statusAt(0, text), statusAt(1, text)])
  const listeners = async () => {
    const { rows } = await db.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'smart-link listen' AND datname = current_database()
       AND query LIKE 'LISTEN%' AND state = 'idle'`,
    )
    return rows.map(({ pid }) => pid)
  }
  await until(async () => (await listeners()).length === 2)
  const create = async (type: string) => {
    const answer = await ask(0, '/developer/tokens', {
      method: 'POST',
      headers: { ...bearer({ sub: String(ownerId) }), 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x', scopes: ['admin'], type }),
    })
    const { data } = (await answer.json()) as { data: { id: string; access_token: string } }
    return data
  }
  const revoke = async (at: number, id: string) =>
    (await ask(at, `/developer/tokens/${id}`, { method: 'DELETE', headers: bearer({ sub: String(ownerId) }) })).status
  return { db, ask, statusAt, statuses, listeners, create, revoke }
}

describe('a revocation', () => {
  it.each([
    ['opaque', 1],
    ['jwt', 2],
  ])('that one process has answered holds in every process: %s', async (type, ownerId) => {
    const { statusAt, statuses, create, revoke } = await twoServers(ownerId)
    for (let round = 0; round < 10; round++) {
      const { id, access_token: text } = await create(type)
      const [at, other] = round % 2 === 0 ? [0, 1] : [1, 0]
      expect(await statuses(text)).toEqual([200, 200])
      expect(await revoke(at as number, id)).toBe(200)
      expect(await statusAt(other as number, text)).toBe(401)
      expect(await statusAt(at as number, text)).toBe(401)
    }
  })

  it('on the command line, by id or by the token itself, is heard by running servers', async () => {
    const { db, statuses, create } = await twoServers(3)
    const [byId, byText] = [await create('opaque'), await create('jwt')]
    for (const { access_token: text } of [byId, byText]) expect(await statuses(text)).toEqual([200, 200])
    const first = await runInProcess(db, ['token', 'revoke', byId.id, '--user', '3'])
    expect(first).toMatchObject({ status: 0, stderr: `Token ${byId.id} is revoked.\n` })
    const second = await runInProcess(db, ['token', 'revoke'], { input: `${byText.access_token}\n` })
    expect(second).toMatchObject({ status: 0, stderr: `Token ${byText.id} is revoked.\n` })
    for (const { access_token: text } of [byId, byText]) {
      await expect.poll(() => statuses(text)).toEqual([401, 401])
    }
  })

  it('holds though a process has lost the connection on which it would hear: it trusts nothing meanwhile', async () => {
    const { db, listeners, statuses, create, revoke } = await twoServers(4)
    for (let round = 0; round < 5; round++) {
      const { id, access_token: text } = await create('opaque')
      expect(await statuses(text)).toEqual([200, 200])
      // In the middle of it: from now on nobody hears.
      for (const pid of await listeners()) await db.pool.query('SELECT pg_terminate_backend($1)', [pid])
      expect(await statuses(text)).toEqual([200, 200])
      expect(await revoke(0, id)).toBe(200)
      expect(await statuses(text)).toEqual([401, 401])
      await until(async () => (await listeners()).length === 2)
      expect(await statuses(text)).toEqual([401, 401])
    }
  })

  it('is answered no sooner by a server that cannot hear the others', async () => {
    const { db, url } = await testDatabase()
    const site = await openApp({ databaseUrl: url })
    onTestFinished(site.close)
    const { id } = await newToken(site, 1)
    const own = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'smart-link listen' AND datname = current_database()`
    // It may have heard of nothing yet, so it may trust what it knows.
    const other = new pg.Client({ connectionString: url, application_name: 'smart-link listen' })
    await db.pool.query(own)
    await other.connect()
    onTestFinished(() => other.end())
    let isAnswered = false
    const request = { method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(1) } as const
    const answer = site.app.inject(request).finally(() => {
      isAnswered = true
    })
    const revoked = async () => (await db.pool.query('SELECT FROM access_tokens WHERE revoked_at IS NOT NULL')).rowCount
    await expect.poll(revoked).toBe(1)
    for (let more = 0; more < 50; more++) await revoked()
    expect(isAnswered).toBe(false)
    expect((await answer).statusCode).toBe(200)
  })

  it('is seen by a request that waits for a visit: it gets none', async () => {
    const { db, ask, create, revoke } = await twoServers(5)
    await storeLinks(db, 5, 7)
    const { id, access_token: text } = await create('opaque')
    const waiting = ask(1, '/link/visits/feed?wait=60', { headers: withToken(text) })
    const isWaiting = async () => {
      const answer = await ask(1, '/metrics', { headers: withToken(measurer) })
      return (await answer.text()).includes('smart_link_feeds_waiting 1')
    }
    await until(isWaiting)
    expect(await revoke(0, id)).toBe(200)
    await appendVisits(db, 5, [newVisit(7)])
    expect((await waiting).status).toBe(401)
  })

  it('ends streams and requests that wait for a visit, without any visit', async () => {
    const site = await testApp({ env: { STREAM_HEARTBEAT_MS: '999999', METRICS_TOKEN: measurer } })
    await site.app.listen({ port: 0, host: '127.0.0.1' })
    const { id, access_token: text } = await newToken(site, 1)
    const headers = withToken(text)
    const stream = await (await openStream(site, '/link/visits/stream', headers)).begun()
    const waiting = fetch(`${addressOf(site)}/link/visits/feed?wait=60`, { headers })
    const isWaiting = async () => {
      const answer = await site.app.inject({ url: '/metrics', headers: withToken(measurer) })
      return answer.body.includes('smart_link_feeds_waiting 2')
    }
    await until(isWaiting)
    const begin = performance.now()
    await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(1) })
    expect((await waiting).status).toBe(401)
    // It would have waited for a minute.
    expect(performance.now() - begin).toBeLessThan(45_000)
    // Otherwise its next sign of life is a quarter of an hour off.
    expect(await stream.next()).toBeNull()
  })

  it('does not wait for ever for a process that never says that it has heard', async () => {
    const { db, url } = await testDatabase()
    const site = await openApp({ databaseUrl: url })
    onTestFinished(site.close)
    const deaf = new pg.Client({ connectionString: url, application_name: 'smart-link listen' })
    await deaf.connect()
    onTestFinished(() => deaf.end())
    const { id, access_token: text } = await newToken(site, 1)
    const answer = await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(1) })
    expect(answer.statusCode).toBe(200)
    expect((await site.app.inject({ url: '/auth/me', headers: withToken(text) })).statusCode).toBe(401)
    expect((await db.pool.query('SELECT FROM access_tokens WHERE revoked_at IS NOT NULL')).rowCount).toBe(1)
  })
})

it.each([
  ['', 0],
  [', though the time of day is put back meanwhile', 3_600_000],
])('what was changed in the database by hand is seen within seconds%s', async (_, putBackMs) => {
  const { db, url } = await testDatabase()
  const site = await openApp({ databaseUrl: url })
  onTestFinished(site.close)
  const { access_token: text } = await newToken(site, 1)
  const status = async () => (await site.app.inject({ url: '/auth/me', headers: withToken(text) })).statusCode
  const clock = stopClock()
  onTestFinished(() => void vi.useRealTimers())
  expect(await status()).toBe(200)
  await db.pool.query('UPDATE access_tokens SET revoked_at = now()')
  clock.putBack(putBackMs)
  expect(await status()).toBe(200)
  clock.move(5_000)
  expect(await status()).toBe(401)
})
