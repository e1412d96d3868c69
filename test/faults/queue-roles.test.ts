import { expect, it } from 'vitest'
import { openDatabase } from '../../src/database/open.js'
import { storeLink } from '../support/visits.js'
import { startClicks } from './clicks.js'
import { expectKept, expectReplayed, tokens } from './ledger.js'
import { queueSite } from './queue-site.js'

const site = queueSite(1)

it('opens links without a worker and without a database, and whoever works later stores all visits', async () => {
  const { dataDir, postgres, queued, waiting, drained } = site()
  const redirect = await queued({}, 'redirect')
  const clicks = startClicks(redirect.port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  await postgres.kill()
  const before = clicks.answered.size
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(before + 200)
  expect(await redirect.readiness()).toEqual({ status: 200, message: 'OK' })
  await clicks.stop()
  expect([...clicks.refused]).toEqual([])
  expect(clicks.broken).toBe(0)
  await expectReplayed(dataDir)
  expect(await waiting()).toBe(clicks.answered.size)
  expect(await redirect.stop()).toBe(0)

  await postgres.start()
  const worker = await queued({}, 'work')
  await drained()
  await expectKept(postgres.url, clicks.answered)
  expect(await worker.stop()).toBe(0)
})

it('counts down `max_visits` by what it knows, and tells the numbers of the queue', async () => {
  const { postgres, queued, drained } = site()
  const db = openDatabase({ url: postgres.url, connections: 1 })
  await storeLink(db, 1, 99, { maxVisits: 3 })
  const redirect = await queued({ METRICS_TOKEN: 'reads-the-numbers' }, 'redirect')
  const open = async () =>
    (await fetch(`http://127.0.0.1:${redirect.port}/link1x99`, { headers, redirect: 'manual' })).status
  const statuses = []
  for (let n = 0; n < 5; n += 1) statuses.push(await open())
  expect(statuses).toEqual([302, 302, 302, 410, 410])
  const metric = async (name: string) => {
    const authorization = 'Bearer reads-the-numbers'
    const answer = await fetch(`http://127.0.0.1:${redirect.port}/metrics`, { headers: { authorization } })
    return new RegExp(`^${name} (.+)$`, 'm').exec(await answer.text())?.[1]
  }
  await expect.poll(() => metric('smart_link_queue_visits')).toBe('3')
  expect(await metric('smart_link_queue_problem')).toBe('0')
  expect(Number(await metric('smart_link_queue_oldest_seconds'))).toBeGreaterThan(0)

  const worker = await queued({}, 'work')
  await drained()
  const { rows } = await db.pool.query('SELECT human_visits::int FROM links WHERE user_id = 1 AND id = 99')
  expect(rows).toEqual([{ human_visits: 3 }])
  await db.close()
  for (const server of [redirect, worker]) expect(await server.stop()).toBe(0)
})

const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36' }
