import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { bearer, openApps, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { until } from '../support/until.js'
import { newVisit, storeLinks } from '../support/visits.js'

const apps = openApps()
afterAll(() => apps.close())

const owner = newOwner()
/** More than a connection holds for a reader that takes nothing. */
const rows = 16_000
let site: TestApp

beforeAll(async () => {
  site = await apps.withEnv({})
  await site.app.listen({ port: 0, host: '127.0.0.1' })
  await storeLinks(site.db, owner, 41, 42)
  const long = { queryString: 'q'.repeat(2000) }
  const visits = Array.from({ length: rows }, () => newVisit(41, long))
  for (let at = 0; at < rows; at += 4000) await appendVisits(site.db, owner, visits.slice(at, at + 4000))
  await appendVisits(site.db, owner, [newVisit(42)])
})

/** An answer that nobody takes yet. */
async function open(headers: Record<string, string>, link = 41, on = site): Promise<IncomingMessage> {
  const address = on.app.server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  const path = `/link/urls/${link}/visits/export`
  const asked = httpRequest({ agent: false, port, path, headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  // A reset is told to both.
  asked.on('error', () => {})
  onTestFinished(() => void answer.destroy())
  return answer
}

/** Reads an answer to its end. @returns its lines, and whether it ended in order */
async function taken(answer: IncomingMessage) {
  let text = ''
  answer.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const isWhole = await new Promise<boolean>((resolve) => {
    answer.on('end', () => resolve(true)).on('error', () => resolve(false))
  })
  return { lines: text.split('\n').length - 1, isWhole }
}

const scopes = ['visits:read', 'visits:pii']

describe('an export under way', () => {
  const scopesOf = async (text: string): Promise<string[]> => {
    const answer = await site.app.inject({ url: '/auth/me', headers: withToken(text) })
    return answer.statusCode === 200 ? answer.json().data.token.scopes : []
  }
  /** By hand, and every server is told. */
  const narrow = async (id: string, text: string, left: string[]) => {
    await site.db.pool.query('UPDATE access_tokens SET scopes = $2 WHERE id = $1', [id, left])
    await site.db.pool.query(`SELECT pg_notify('access_tokens', $1)`, [id])
    await until(async () => String(await scopesOf(text)) === String(left))
  }
  const revoke = (id: string) =>
    site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(owner) })
  const ends: [string, (id: string, text: string) => unknown][] = [
    ['is revoked', revoke],
    ['may not see numbers any more', (id, text) => narrow(id, text, ['visits:read'])],
    ['may not read visits any more', (id, text) => narrow(id, text, ['visits:pii', 'links:read'])],
    ['expires', () => vi.setSystemTime(Date.now() + 3_600_000)],
  ]

  it.each(ends)('breaks off when its token %s: what is not on its way yet never comes', async (_, end) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const expires = new Date(Date.now() + 1_800_000).toISOString()
    const { id, access_token: text } = await newToken(site, owner, { scopes, expires_at: expires })
    const answer = await open(withToken(text))
    await end(id, text)
    const { lines, isWhole } = await taken(answer)
    expect(isWhole).toBe(false)
    expect(lines).toBeLessThan(rows / 2)
  })

  it('goes on to its end when another token is revoked', async () => {
    const [one, other] = [await newToken(site, owner, { scopes }), await newToken(site, owner, { scopes })]
    const answer = await open(withToken(one.access_token))
    await revoke(other.id)
    expect(await taken(answer)).toEqual({ lines: rows, isWhole: true })
  })
})

describe('an account', () => {
  it('has ten exports under way at once; whoever asks for more is told when to come again', async () => {
    const headers = site.as(owner, scopes.join(' '))
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(headers)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(200))
    const refused = await site.app.inject({ url: '/link/urls/42/visits/export', headers })
    expect([refused.statusCode, refused.json().message, refused.headers['retry-after']]).toEqual([
      429,
      'Too many exports of the account are open.',
      '10',
    ])
    expect((await site.app.inject({ method: 'HEAD', url: '/link/urls/42/visits/export', headers })).statusCode).toBe(
      200,
    )
    const other = newOwner()
    await storeLinks(site.db, other, 42)
    const theirs = { url: '/link/urls/42/visits/export', headers: site.as(other) }
    expect((await site.app.inject(theirs)).statusCode).toBe(200)
    answers[0]?.destroy()
    await until(async () => (await site.app.inject({ url: '/link/urls/42/visits/export', headers })).statusCode === 200)
    // An end in order makes room too, and so does a failure.
    for (const url of Array(30).fill('/link/urls/42/visits/export')) {
      expect((await site.app.inject({ url, headers })).statusCode).toBe(200)
    }
    for (const answer of answers) answer.destroy()
  })
})

describe('a reader that takes nothing', () => {
  it('is cut off, and makes room for others', async () => {
    const hasty = await apps.withEnv({ STREAM_HEARTBEAT_MS: '50' })
    await hasty.app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await open(bearer({ sub: String(owner) }), 41, hasty)
    const connections = () =>
      new Promise<number>((resolve, reject) => {
        hasty.app.server.getConnections((error, number) => (error ? reject(error) : resolve(number)))
      })
    await until(async () => (await connections()) === 0)
    const { lines, isWhole } = await taken(answer)
    expect([isWhole, lines < rows / 2]).toEqual([false, true])
  })
})
