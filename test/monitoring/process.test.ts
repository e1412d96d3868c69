import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { noteBackup } from '../../src/backup/record.js'
import { testSecret } from '../support/app.js'
import { cableTo } from '../support/cable.js'
import { testDatabase } from '../support/database.js'
import { readMetrics } from '../support/metrics.js'
import { accept, answerWith, startReceiver } from '../support/receiver.js'
import { startServerProcess } from '../support/server-process.js'
import { newWebhook, storeLink } from '../support/visits.js'

/** A server on a database with link 21 of owner 26, whose metrics are at a port of their own. */
async function measuredServer(env: Record<string, string> = {}) {
  const { db, url } = await testDatabase()
  const cable = await cableTo(url)
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-metrics-'))
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }))
  const server = startServerProcess({
    ...{ DATABASE_URL: cable.url, DATA_DIR, JWT_SECRET: testSecret, METRICS_PORT: '0', WEBHOOK_ALLOW_PRIVATE: 'on' },
    ...env,
  })
  const address = await server.address()
  const at = await server.said(/Metrics at (http:[^"]+)/)
  const read = async () => {
    const answer = await fetch(at)
    expect(answer.status).toBe(200)
    return readMetrics(await answer.text())
  }
  const eventually = (name: string) =>
    expect.poll(async () => (await read()).get(`smart_link_${name}`), { interval: 50 })
  const open = async () => (await fetch(`${address}/link26x21`, { redirect: 'manual' })).status
  return { db, cable, address, at, read, eventually, open, server }
}

it('metrics have a port of their own, without a token, and then none on that of the API', async () => {
  const { address, at, read, server } = await measuredServer()
  expect((await fetch(`${address}/metrics`)).status).toBe(404)
  expect((await fetch(new URL('/health', at))).status).toBe(404)
  const metrics = await read()
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    expect([name, metrics.get(name)]).toEqual([name, expect.any(Number)])
  }
  expect(metrics.get('smart_link_database_connections_max')).toBe(8)
  expect(metrics.get('smart_link_overloaded')).toBe(0)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
})

it('with a token, that port asks for it too', async () => {
  const token = 'a-token-of-the-monitor'
  const { at } = await measuredServer({ METRICS_TOKEN: token })
  const asked = [{}, { authorization: 'Bearer a-token-of-somebody-else' }, { authorization: `Bearer ${token}` }]
  const statuses = asked.map(async (headers) => (await fetch(at, { headers })).status)
  expect(await Promise.all(statuses)).toEqual([401, 401, 200])
})

it('while the database is away the spool fills, and metrics go on to be answered', async () => {
  const { db, cable, eventually, open, read } = await measuredServer()
  await storeLink(db, 26, 21)
  await eventually('notifications_listening').toBe(1)
  expect(await open()).toBe(302)
  cable.cut()
  expect(await open()).toBe(302)
  await eventually('visits_spooled_total').toBe(1)
  await eventually('commits_failing').toBe(1)
  await eventually('notifications_listening').toBe(0)
  const away = await read()
  expect(away.get('smart_link_spool_files')).toBe(1)
  expect(away.get('smart_link_spool_bytes')).toBeGreaterThan(100)
  expect(away.get('smart_link_spool_max_bytes')).toBe(2 ** 30)
  expect(away.get('smart_link_spool_oldest_seconds')).toBeGreaterThan(0)
  expect(away.get('smart_link_spool_problem')).toBe(0)
  cable.mend()
  await eventually('visits_committed_total').toBe(2)
  await eventually('spool_files').toBe(0)
  const back = await read()
  const value = (name: string) => back.get(`smart_link_${name}`)
  expect(['spool_bytes', 'spool_oldest_seconds', 'commits_failing'].map(value)).toEqual([0, 0, 0])
})

it('the moment of the newest backup is told, once there is one', async () => {
  const { db, eventually, read } = await measuredServer()
  expect((await read()).has('smart_link_last_backup_timestamp_seconds')).toBe(false)
  await noteBackup(db, '00000000-0000-4000-8000-000000000001', new Date('2026-11-20T12:00:00Z'))
  await eventually('last_backup_timestamp_seconds').toBe(Date.parse('2026-11-20T12:00:00Z') / 1000)
})

it('a spool that is full is visible', async () => {
  const { db, cable, eventually, open, read } = await measuredServer({ SPOOL_MAX_BYTES: '1' })
  await storeLink(db, 26, 21)
  expect(await open()).toBe(302)
  expect((await read()).get('smart_link_spool_problem')).toBe(0)
  cable.cut()
  expect(await open()).toBe(503)
  await eventually('spool_problem').toBe(1)
})

it('webhooks: requests by what became of them, and what is left to be done', async () => {
  const receiver = await startReceiver(answerWith(500))
  const { db, cable, eventually, open, read } = await measuredServer()
  await storeLink(db, 26, 21, { webhookId: await newWebhook(db, 26, receiver.url) })
  expect(await open()).toBe(302)
  await eventually('webhook_request_duration_seconds_count{outcome="5xx"}').toBeGreaterThan(0)
  await eventually('webhook_pending').toBe(1)
  receiver.behave(accept)
  await eventually('webhook_request_duration_seconds_count{outcome="2xx"}').toBe(1)
  await eventually('webhook_pending').toBe(0)
  const done = await read()
  const value = (name: string) => done.get(`smart_link_webhook_${name}`)
  expect(['parked', 'lag_seconds', 'oldest_seconds'].map(value)).toEqual([0, 0, 0])

  await db.pool.query(`UPDATE webhook_deliveries SET state = 'parked'`)
  await eventually('webhook_parked').toBe(1)
  await db.pool.query(`
    UPDATE webhook_deliveries SET state = 'pending', created_at = now() - interval '1 hour';
    INSERT INTO webhook_lanes (user_id, link_id, next_at) VALUES (26, 21, now() + interval '1 day')`)
  await eventually('webhook_oldest_seconds').toBeGreaterThan(3600)
  cable.cut()
  await eventually('webhook_pending').toBeUndefined()
})
