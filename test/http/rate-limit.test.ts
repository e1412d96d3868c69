import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createToken } from '../../src/accounts/create-token.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApps, type TestApp } from '../support/app.js'
import { stopClock } from '../support/clock.js'
import { newOwner } from '../support/owners.js'
import { storeLinks } from '../support/visits.js'

const apps = openApps()
afterAll(apps.close)
/** Whose requests are counted: somebody new in each test. */
let owner: number
beforeEach(() => {
  owner = newOwner()
})
afterEach(() => void vi.useRealTimers())

/** 2040-01-01T00:00:00Z */
const start = Date.UTC(2040, 0, 1)

const limits = ({ headers, statusCode }: { headers: Record<string, unknown>; statusCode: number }) => [
  statusCode,
  ...['limit', 'remaining', 'reset'].map((name) => Number(headers[`x-ratelimit-${name}`])),
  Number(headers['retry-after']),
]
const answered = (limit: number, remaining: number, status = 200) => [status, limit, remaining, Number.NaN, Number.NaN]
const refused = (limit: number, resetMs: number, retryAfter: number) => [429, limit, 0, resetMs / 1000, retryAfter]

const tooMany = { status: 'ERROR', code: 429, message: 'Too Many Attempts.', data: [] }

describe('an account', () => {
  const ask = ({ app, as }: TestApp, ownerId: number, url = '/auth/me') => app.inject({ url, headers: as(ownerId) })

  it('may make RATE_LIMIT requests a minute, is told how many are left, and when there are more', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '3' })
    const clock = stopClock(start)
    expect(limits(await ask(site, owner))).toEqual(answered(3, 2))
    clock.moveTo(start + 20_500)
    expect(limits(await ask(site, owner, '/link/urls/999'))).toEqual(answered(3, 1, 404))
    expect(limits(await ask(site, owner, '/link/urls?per_page=0'))).toEqual(answered(3, 0, 422))
    const answer = await ask(site, owner)
    // 39.5 seconds are left, and neither header promises less.
    expect(limits(answer)).toEqual(refused(3, start + 60_000, 40))
    expect(answer.json()).toEqual(tooMany)
    clock.moveTo(start + 59_999)
    expect(limits(await ask(site, owner))).toEqual(refused(3, start + 60_000, 1))
    // A client that waits as long as it is told is answered: 40 seconds after the first refusal.
    clock.moveTo(start + 60_500)
    expect(limits(await ask(site, owner))).toEqual(answered(3, 2))
  })

  it('waits no longer because the time of day was put back', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '1' })
    const clock = stopClock(start)
    expect((await ask(site, owner)).statusCode).toBe(200)
    clock.putBack(3_600_000)
    expect(limits(await ask(site, owner))).toEqual(refused(1, start - 3_600_000 + 60_000, 60))
    clock.move(60_000)
    expect((await ask(site, owner)).statusCode).toBe(200)
  })

  it('has its own, and all its tokens share it', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '3' })
    const token = await newToken(site, owner)
    expect(limits(await site.app.inject({ url: '/auth/me', headers: withToken(token.access_token) }))).toEqual(
      answered(3, 1),
    )
    expect(limits(await site.app.inject({ url: '/auth/me', headers: site.as(owner, 'visits:read') }))).toEqual(
      answered(3, 0),
    )
    expect((await ask(site, owner)).statusCode).toBe(429)
    expect(limits(await ask(site, newOwner()))).toEqual(answered(3, 2))
  })

  it('may make a thousand unless the site says otherwise, and any number where that is 0', async () => {
    expect(limits(await ask(await apps.withEnv({ RATE_LIMIT: '' }), owner))).toEqual(answered(1000, 999))
    const { headers } = await ask(await apps.withEnv({ RATE_LIMIT: '0' }), owner)
    expect(Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([])
  })

  it('is not charged for what somebody else makes in its name without a token that is accepted', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '1' })
    for (let nth = 0; nth < 3; nth++) {
      expect((await site.app.inject({ url: '/auth/me', headers: withToken('x') })).statusCode).toBe(401)
    }
    expect(limits(await ask(site, owner))).toEqual(answered(1, 0))
  })
})

describe('a token with a limit of its own', () => {
  /** As the operator makes it: wider ones too. */
  async function limitedToken({ db, app }: TestApp, rateLimit: number) {
    const fields = { name: 'x', scopes: [], allowedIps: [], rateLimit, expiresAt: null }
    const { text } = await createToken(db, owner, fields)
    return () => app.inject({ url: '/auth/me', headers: withToken(text) })
  }

  it.each(['0', '100'])('may make that many, and others go on: RATE_LIMIT %s', async (RATE_LIMIT) => {
    const site = await apps.withEnv({ RATE_LIMIT })
    const [one, other] = [await limitedToken(site, 2), await limitedToken(site, 5)]
    stopClock(start)
    expect(limits(await one())).toEqual(answered(2, 1))
    expect(limits(await one())).toEqual(answered(2, 0))
    expect(limits(await one())).toEqual(refused(2, start + 60_000, 60))
    expect(limits(await other())).toEqual(answered(5, 4))
    expect((await site.app.inject({ url: '/auth/me', headers: site.as(owner) })).statusCode).toBe(200)
  })

  it('may make no more than the account has left, and is told whichever is less', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '4' })
    const [one, other] = [await limitedToken(site, 3), await limitedToken(site, 3)]
    stopClock(start)
    expect(limits(await one())).toEqual(answered(3, 2))
    expect(limits(await one())).toEqual(answered(3, 1))
    expect(limits(await other())).toEqual(answered(4, 1))
    expect(limits(await other())).toEqual(answered(4, 0))
    expect(limits(await other())).toEqual(refused(4, start + 60_000, 60))
  })

  it('may make more than the account where the operator says so, who counts it apart', async () => {
    const site = await apps.withEnv({ RATE_LIMIT: '2' })
    const wide = await limitedToken(site, 4)
    stopClock(start)
    for (const left of [3, 2, 1, 0]) expect(limits(await wide())).toEqual(answered(4, left))
    expect(limits(await wide())).toEqual(refused(4, start + 60_000, 60))
    expect(limits(await site.app.inject({ url: '/auth/me', headers: site.as(owner) }))).toEqual(answered(2, 1))
  })
})

describe('openings', () => {
  const openFrom = ({ app }: TestApp, remoteAddress: string, method: 'GET' | 'HEAD' = 'GET') =>
    app.inject({ method, url: `/link${owner}x7`, remoteAddress, headers: { accept: 'application/json' } })

  it('are as many as anybody likes unless the site says otherwise', async () => {
    const site = await apps.withEnv({})
    await storeLinks(site.db, owner, 7)
    for (let nth = 0; nth < 50; nth++) expect((await openFrom(site, '203.0.113.1')).statusCode).toBe(302)
  })

  it('from one address are OPENINGS_LIMIT in five minutes; more are refused, and recorded as nothing', async () => {
    const site = await apps.withEnv({ OPENINGS_LIMIT: '2' })
    await storeLinks(site.db, owner, 7)
    const clock = stopClock(start)
    expect(limits(await openFrom(site, '203.0.113.1'))).toEqual(answered(2, 1, 302))
    // Words that are no tokens are guesses, and count as well.
    expect(limits(await site.app.inject({ url: '/guess', remoteAddress: '203.0.113.1' }))).toEqual(answered(2, 0, 404))
    clock.moveTo(start + 1_000)
    for (const method of ['GET', 'HEAD'] as const) {
      expect(limits(await openFrom(site, '203.0.113.1', method))).toEqual(refused(2, start + 300_000, 299))
    }
    expect((await openFrom(site, '203.0.113.1')).json()).toEqual(tooMany)
    const page = await site.app.inject({ url: `/link${owner}x7`, remoteAddress: '203.0.113.1' })
    expect([page.statusCode, page.headers['content-type']]).toEqual([429, 'text/html; charset=utf-8'])
    expect(limits(await openFrom(site, '203.0.113.2'))).toEqual(answered(2, 1, 302))
    const { rows } = await site.db.pool.query('SELECT client_ip FROM visits WHERE user_id = $1 ORDER BY seq', [owner])
    expect(rows).toEqual([{ client_ip: '203.0.113.1' }, { client_ip: '203.0.113.2' }])
    clock.moveTo(start + 300_000)
    expect(limits(await openFrom(site, '203.0.113.1'))).toEqual(answered(2, 1, 302))
  })

  it('from a network of IPv6 that is given out as one are those of one address; IPv4 within IPv6 is IPv4', async () => {
    const site = await apps.withEnv({ OPENINGS_LIMIT: '1' })
    await storeLinks(site.db, owner, 7)
    const statuses = async (...addresses: string[]) => {
      const answers = []
      for (const address of addresses) answers.push((await openFrom(site, address)).statusCode)
      return answers
    }
    expect(await statuses('2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:2::1')).toEqual([302, 429, 302])
    expect(await statuses('203.0.113.9', '::ffff:203.0.113.9')).toEqual([302, 429])
  })

  it('do not keep anybody from the API, nor robots.txt from whoever asks', async () => {
    const site = await apps.withEnv({ OPENINGS_LIMIT: '1' })
    await storeLinks(site.db, owner, 7)
    expect((await openFrom(site, '203.0.113.1')).statusCode).toBe(302)
    expect((await openFrom(site, '203.0.113.1')).statusCode).toBe(429)
    for (const url of ['/robots.txt', '/health', '/auth/me', '/openapi.json']) {
      const answer = await site.app.inject({ url, remoteAddress: '203.0.113.1', headers: site.as(owner) })
      expect([url, answer.statusCode]).toEqual([url, 200])
    }
  })
})
