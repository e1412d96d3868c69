import { describe, expect, it } from 'vitest'
import { createToken } from '../../src/accounts/create-token.js'
import { withToken } from '../support/access-tokens.js'
import { bearer, testApp, testSecret } from '../support/app.js'
import { cableTo } from '../support/cable.js'
import { testDatabase } from '../support/database.js'
import { ownOwner, testRedis } from '../support/redis.js'
import { startServerProcess } from '../support/server-process.js'
import { until } from '../support/until.js'
import { storeLinks } from '../support/visits.js'

/** Two servers on one database and one Redis: each an app with a connection of its own, or a process of its own. */
async function twoServers(env: Record<string, string>, { areProcesses = false } = {}) {
  const { db, url } = await testDatabase()
  const redis = await testRedis()
  // However long it takes to answer: who counts alone for a second, as a busy machine makes them, does not agree.
  const common = { REDIS_URL: `${redis.url}?commandTimeout=none`, ...env }
  const start = async () => {
    if (!areProcesses) {
      const { app } = await testApp({ databaseUrl: url, env: common })
      return app.listen({ port: 0, host: '127.0.0.1' })
    }
    return startServerProcess({ DATABASE_URL: url, JWT_SECRET: testSecret, ...common }).address()
  }
  const addresses = await Promise.all([start(), start()])
  const ask = async (at: number, path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${addresses[at]}${path}`, { headers, redirect: 'manual' })
    const count = (name: string) => Number(answer.headers.get(name) ?? Number.NaN)
    return {
      status: answer.status,
      remaining: count('x-ratelimit-remaining'),
      reset: count('x-ratelimit-reset'),
      retryAfter: count('retry-after'),
    }
  }
  return { db, redis, ask }
}

describe('two servers with one Redis', () => {
  it('count the requests of an account together, and agree when there are more', async () => {
    const owner = ownOwner()
    const { ask } = await twoServers({ RATE_LIMIT: '10' }, { areProcesses: true })
    const headers = bearer({ sub: String(owner) })
    const answers = []
    for (let nth = 0; nth < 10; nth++) answers.push(await ask(nth % 2, '/auth/me', headers))
    expect(answers.map(({ status, remaining }) => [status, remaining])).toEqual(
      Array.from({ length: 10 }, (_, nth) => [200, 9 - nth]),
    )
    const before = Date.now() / 1000
    const refusals = [await ask(0, '/auth/me', headers), await ask(1, '/auth/me', headers)]
    const after = Date.now() / 1000
    for (const { status, remaining, reset, retryAfter } of refusals) {
      expect([status, remaining]).toEqual([429, 0])
      expect(retryAfter).toBeGreaterThanOrEqual(1)
      expect(retryAfter).toBeLessThanOrEqual(60)
      // When the wait is over is the same moment, said in two ways.
      expect(reset).toBeGreaterThanOrEqual(Math.floor(before + retryAfter - 1))
      expect(reset).toBeLessThanOrEqual(Math.ceil(after + retryAfter))
    }
    expect(Math.abs((refusals[0]?.reset ?? 0) - (refusals[1]?.reset ?? 0))).toBeLessThanOrEqual(1)
    // Another account has all of its own.
    expect(await ask(0, '/auth/me', bearer({ sub: String(ownOwner()) }))).toMatchObject({ status: 200, remaining: 9 })
  })

  it('lose none of many at once', async () => {
    const headers = bearer({ sub: String(ownOwner()) })
    const { ask } = await twoServers({ RATE_LIMIT: '100' })
    const answers = await Promise.all(Array.from({ length: 150 }, (_, nth) => ask(nth % 2, '/auth/me', headers)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(50)
  })

  it('count those of a token with a limit of its own, and openings from an address', async () => {
    const { db, ask } = await twoServers({ RATE_LIMIT: '0', OPENINGS_LIMIT: '4', TRUST_PROXY: 'loopback' })
    const fields = { name: 'x', scopes: [], allowedIps: [], rateLimit: 4, expiresAt: null }
    const { text } = await createToken(db, ownOwner(), fields)
    await storeLinks(db, 1, 7)
    const from = { 'x-forwarded-for': `2001:db8:${ownOwner() % 0xffff}:${(ownOwner() % 0xffff).toString(16)}::1` }
    for (const [path, headers, status] of [
      ['/auth/me', withToken(text), 200],
      ['/link1x7', from, 302],
    ] as const) {
      const statuses = []
      for (let nth = 0; nth < 6; nth++) statuses.push((await ask(nth % 2, path, headers)).status)
      expect(statuses).toEqual([status, status, status, status, 429, 429])
    }
  })

  it('leave nothing behind in Redis that does not end by itself', async () => {
    const owner = ownOwner()
    const { ask, redis } = await twoServers({ RATE_LIMIT: '10' })
    await ask(0, '/auth/me', bearer({ sub: String(owner) }))
    const key = `smart-link:account:${owner}`
    expect(await redis.client.get(key)).toBe('1')
    const leftMs = await redis.client.pttl(key)
    expect(leftMs).toBeGreaterThan(0)
    expect(leftMs).toBeLessThanOrEqual(60_000)
  })
})

describe('while Redis is away', () => {
  it('a server starts, answers and counts alone, says so once, and counts together when it is back', async () => {
    const redis = await testRedis()
    const gate = await cableTo(redis.url)
    gate.cut()
    const lines: string[] = []
    const log = { level: 'info', stream: { write: (line: string) => lines.push(line) } }
    const site = await testApp({ env: { RATE_LIMIT: '5', REDIS_URL: gate.url }, log })
    const owner = ownOwner()
    const key = `smart-link:account:${owner}`
    const ask = () => site.app.inject({ url: '/auth/me', headers: site.as(owner) })
    const told = (text: string) => lines.filter((line) => line.includes(text)).length
    const statuses = []
    for (let nth = 0; nth < 6; nth++) statuses.push((await ask()).statusCode)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    expect(await redis.client.get(key)).toBe(null)
    expect(told('Redis is away: each server counts requests alone')).toBe(1)

    gate.mend()
    await until(async () => {
      await ask()
      return (await redis.client.get(key)) !== null
    })
    expect(told('Redis is back: requests are counted together')).toBe(1)
  })

  it('nobody waits long for one that does not answer', async () => {
    const redis = await testRedis()
    const gate = await cableTo(redis.url)
    const site = await testApp({ env: { RATE_LIMIT: '5', REDIS_URL: gate.url } })
    const owner = ownOwner()
    const ask = async () => (await site.app.inject({ url: '/auth/me', headers: site.as(owner) })).statusCode
    expect(await ask()).toBe(200)
    // Redis takes commands, and no answer comes back.
    gate.mute()
    const statuses = []
    for (let nth = 0; nth < 6; nth++) statuses.push(await ask())
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  })

  it('a connection that stays open and brings nothing any more is made anew', async () => {
    const redis = await testRedis()
    const gate = await cableTo(redis.url)
    const site = await testApp({ env: { RATE_LIMIT: '500', REDIS_URL: gate.url } })
    const owner = ownOwner()
    const ask = () => site.app.inject({ url: '/auth/me', headers: site.as(owner) })
    const counted = async () => Number(await redis.client.get(`smart-link:account:${owner}`))
    await ask()
    expect(await counted()).toBe(1)
    gate.swallow()
    await until(async () => {
      await ask()
      return (await counted()) > 1
    })
  })
})
