import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { watchLoad } from '../../src/http/overload.js'
import { testApp } from '../support/app.js'
import { chromeOnMac, storeLinks } from '../support/visits.js'

/** A database at which so many queries wait for a connection. */
const databaseWith = (waitingCount: number) => ({ pool: { waitingCount } }) as Database

async function keepBusy() {
  const end = performance.now() + 250
  while (performance.now() < end);
  await setImmediate()
}

function loadOf(db: Database) {
  const load = watchLoad(db)
  onTestFinished(load.close)
  return load
}

describe('the load', () => {
  it('is high while the process has no time for new requests, and low again afterwards', async () => {
    const load = loadOf(databaseWith(0))
    load.begin()
    expect(load.isHigh()).toBe(false)
    while (!load.isHigh()) await keepBusy()
    await expect.poll(load.isHigh).toBe(false)
  })

  it('is not what the process does before it listens', async () => {
    const [load, other] = [loadOf(databaseWith(0)), loadOf(databaseWith(0))]
    other.begin()
    while (!other.isHigh()) await keepBusy()
    load.begin()
    expect(load.isHigh()).toBe(false)
  })

  it('is high while too many queries wait for a connection', () => {
    expect(loadOf(databaseWith(500)).isHigh()).toBe(false)
    expect(loadOf(databaseWith(501)).isHigh()).toBe(true)
  })
})

it('under a high load refuses API requests, known or not; clicks are recorded and sent on; health answers', async () => {
  let isHigh = true
  const { app, db, as } = await testApp({ load: { isHigh: () => isHigh } })
  await storeLinks(db, 26, 20)
  for (const headers of [as(26), {}]) {
    const refused = await app.inject({ url: '/link/urls/20/visits', headers })
    expect(refused.statusCode).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.json()).toEqual({
      status: 'ERROR',
      code: 503,
      message: 'The server is busy. Try again soon.',
      data: [],
    })
  }
  const click = await app.inject({ url: '/link26x20', headers: { 'user-agent': chromeOnMac.userAgent ?? '' } })
  expect(click.statusCode).toBe(302)
  expect((await app.inject({ url: '/health' })).statusCode).toBe(200)
  isHigh = false
  expect((await app.inject({ url: '/link/urls/20/visits', headers: as(26) })).json().meta.total).toBe(1)
})
