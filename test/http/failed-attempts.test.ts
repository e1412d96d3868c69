import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { newToken, withToken } from '../support/access-tokens.js'
import { bearer, type TestApp, testApp } from '../support/app.js'
import { stopClock } from '../support/clock.js'
import { emptiedDatabase } from '../support/database.js'
import { secretToken } from '../support/tokens.js'

const database = emptiedDatabase()

afterEach(() => void vi.useRealTimers())

const start = Date.UTC(2040, 0, 1)
const attacker = '203.0.113.1'

const random = (length: number) => randomBytes(length / 2).toString('hex')
/** How a token ends that begins in a way that is known. */
const guess = () => `beginning0${random(30)}`
const anyToken = () => random(40)
const ask = ({ app }: TestApp, text: string, remoteAddress = attacker) =>
  app.inject({ url: '/auth/me', remoteAddress, headers: withToken(text) })

/** A site that has refused an address as often as it does, and told it to wait. */
async function guessedSite(AUTH_FAILURES_LIMIT = '3') {
  const site = await testApp({ env: { AUTH_FAILURES_LIMIT }, databaseUrl: (await database()).url })
  const token = await newToken(site, 1)
  const clock = stopClock(start)
  const statuses = async (number: number, text = guess, from = attacker) => {
    const all = []
    for (let nth = 0; nth < number; nth++) all.push((await ask(site, text(), from)).statusCode)
    return all
  }
  return { ...site, site, token, statuses, clock }
}

describe('whoever guesses tokens', () => {
  it('is refused a few times a minute, and has to wait then, for as long as it is told', async () => {
    const { site, statuses, clock } = await guessedSite()
    expect(await statuses(3)).toEqual([401, 401, 401])
    clock.moveTo(start + 500)
    const answer = await ask(site, guess())
    expect(answer.json()).toEqual({ status: 'ERROR', code: 429, message: 'Too Many Attempts.', data: [] })
    expect(answer.headers).toMatchObject({
      'retry-after': '60',
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(start / 1000 + 61),
    })
    clock.moveTo(start + 60_499)
    expect((await ask(site, guess())).headers['retry-after']).toBe('1')
    clock.moveTo(start + 60_500)
    expect(await statuses(4)).toEqual([401, 401, 401, 429])
  })

  it('waits no longer because the time of day was put back', async () => {
    const { statuses, clock } = await guessedSite()
    expect(await statuses(4)).toEqual([401, 401, 401, 429])
    clock.putBack(3_600_000)
    clock.move(59_999)
    expect(await statuses(1)).toEqual([429])
    clock.move(1)
    expect(await statuses(4)).toEqual([401, 401, 401, 429])
  })

  it('waits twice as long each time, up to a quarter of an hour, until it has been quiet for as long', async () => {
    const { site, statuses, clock } = await guessedSite()
    let now = start
    const waits: number[] = []
    for (let round = 0; round < 6; round++) {
      await statuses(3)
      const seconds = Number((await ask(site, guess())).headers['retry-after'])
      waits.push(seconds)
      now += seconds * 1000
      clock.moveTo(now)
    }
    expect(waits).toEqual([60, 120, 240, 480, 900, 900])
    clock.moveTo(now + 60_000 + 900_000)
    await statuses(3)
    expect((await ask(site, guess())).headers['retry-after']).toBe('60')
  })

  it('learns nothing of a right token that begins so, while it waits', async () => {
    const { site, token, statuses } = await guessedSite()
    const right = token.access_token
    const [end, jwt] = [() => right.slice(0, 8) + random(32), secretToken({ sub: '1' })]
    await statuses(4, end)
    await statuses(4, () => `${jwt.slice(0, jwt.lastIndexOf('.'))}.${random(40)}`)
    for (const text of [right, jwt]) expect((await ask(site, text)).statusCode).toBe(429)
    // Nor does it cost the database anything to be asked.
    const queries = vi.spyOn(site.db.pool, 'query')
    await statuses(50, end)
    expect(queries).not.toHaveBeenCalled()
    expect((await ask(site, right, '203.0.113.2')).statusCode).toBe(200)
  })

  it('may try a few beginnings a minute, and learns of none then', async () => {
    const { site, token, statuses, clock } = await guessedSite()
    expect(await statuses(16, anyToken)).toEqual([...Array(15).fill(401), 429])
    expect((await ask(site, token.access_token)).statusCode).toBe(429)
    clock.moveTo(start + 60_000)
    expect((await ask(site, token.access_token)).statusCode).toBe(200)
    expect(await statuses(16, anyToken)).toEqual([...Array(15).fill(401), 429])
    expect((await ask(site, anyToken())).headers['retry-after']).toBe('120')
  })

  it.each([
    ['the same one again', () => 'x'.repeat(40)],
    ['JWTs that nobody has signed', () => `${secretToken({ sub: '1' }).slice(0, -5)}AAAA`],
    ['what is no token at all', () => 'x'],
    ['JWTs that are expired', () => secretToken({ sub: '1', exp: 1 })],
  ])('is known by %s', async (_, text) => {
    const { statuses } = await guessedSite()
    expect(await statuses(4, text)).toEqual([401, 401, 401, 429])
  })

  it('is known by a token that is not for its address', async () => {
    const { site, statuses } = await guessedSite()
    const { access_token: text } = await newToken(site, 1, { allowed_ips: '10.0.0.1' })
    expect(await statuses(4, () => text)).toEqual([401, 401, 401, 429])
  })

  it('is a network, where addresses of IPv6 are given out by the network', async () => {
    const { statuses } = await guessedSite()
    for (const [nth, status] of [401, 401, 401, 429, 429].entries()) {
      expect(await statuses(1, guess, `2001:db8:0:1::${nth}`)).toEqual([status])
    }
    expect(await statuses(1, guess, '2001:db8:0:2::1')).toEqual([401])
  })

  it('may go on where the site says so', async () => {
    const { statuses } = await guessedSite('0')
    for (const text of [guess, anyToken]) expect(new Set(await statuses(100, text))).toEqual(new Set([401]))
  })
})

describe('others at the same address', () => {
  it('do not notice: what was accepted from there before is accepted all the while', async () => {
    const { site, token, statuses, clock } = await guessedSite()
    const jwt = bearer({ sub: '2' }).authorization.slice('Bearer '.length)
    for (const text of [token.access_token, jwt]) expect((await ask(site, text)).statusCode).toBe(200)
    await statuses(10)
    await statuses(20, anyToken)
    // Longer than anything is trusted without looking at it again.
    clock.moveTo(start + 30_000)
    for (const text of [token.access_token, jwt]) expect((await ask(site, text)).statusCode).toBe(200)
    expect((await ask(site, guess())).statusCode).toBe(429)
  })

  it('do not notice, with tokens that were never seen there, what becomes of other tokens', async () => {
    const { site, token, statuses } = await guessedSite()
    const stale = ['revoked', 'mistyped', 'of another site'].map((text) => text.replaceAll(' ', '').padEnd(40, 'x'))
    for (const text of stale) expect(await statuses(5, () => text)).toEqual([401, 401, 401, 429, 429])
    const jwt = secretToken({ sub: '2' })
    expect(await statuses(4, () => secretToken({ sub: '3', exp: 1 }))).toEqual([401, 401, 401, 429])
    for (const text of [token.access_token, jwt]) expect((await ask(site, text)).statusCode).toBe(200)
  })

  it('are asked for a token as ever when they send none', async () => {
    const { site, statuses } = await guessedSite()
    await statuses(4)
    expect((await site.app.inject({ url: '/auth/me', remoteAddress: attacker })).statusCode).toBe(401)
    expect((await site.app.inject({ url: '/health', remoteAddress: attacker })).statusCode).toBe(200)
  })
})
