import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { everything, parseAnswer, rawConnection } from '../support/raw-http.js'
import { until } from '../support/until.js'
import { storeLinks } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

async function tokenOfNewOwner() {
  const owner = newOwner()
  await storeLinks(site.db, owner, 7)
  const { id, access_token: text } = await newToken(site, owner)
  const revoke = async () => {
    const answer = await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(owner) })
    expect(answer.statusCode).toBe(200)
  }
  return { owner, text, revoke }
}

it.each([
  ['POST', '/link/urls', '{"long_url":"https://example.com/","title":"late"}'],
  ['PUT', '/link/urls/7', '{"long_url":"https://example.com/","title":"late"}'],
  ['POST', '/link/urls/7/recipients', '[{"mobile":"447700900123"}]'],
  ['POST', '/link/urls/7', '{"_method":"DELETE"}'],
])(
  'what a body brings after the revocation of its token was answered is not done: %s %s %s',
  async (method, path, body) => {
    const { owner, text, revoke } = await tokenOfNewOwner()
    const before = await site.db.pool.query('SELECT * FROM links WHERE user_id = $1', [owner])
    const socket = await rawConnection(site.app)
    const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${text}\r\n`
    const asked = once(site.app.server, 'request')
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 2)}`)
    await asked
    // It was let in: its token is in use from now on.
    const used = 'SELECT FROM access_tokens WHERE user_id = $1 AND last_used_at IS NOT NULL'
    await until(async () => {
      await site.app.inject({ url: '/developer/tokens', headers: site.as(owner) })
      return (await site.db.pool.query(used, [owner])).rowCount === 1
    })
    await revoke()
    socket.write(body.slice(2))
    const answer = parseAnswer(await everything(socket))
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="smart-link", error="invalid_token"',
    ])
    expect((await site.db.pool.query('SELECT * FROM links WHERE user_id = $1', [owner])).rows).toEqual(before.rows)
  },
)

it.each([
  '/link/urls/7/visits/stats?group_by=city',
  '/link/urls/7/visits?filter[browser]=Chrome',
  '/link/urls/7/recipients',
])('an answer that is ready after the revocation of its token was answered does not go out: %s', async (url) => {
  const { text, revoke } = await tokenOfNewOwner()
  const headers = withToken(text)
  expect((await site.app.inject({ url, headers })).statusCode).toBe(200)
  const client = await site.db.pool.connect()
  // Whatever reads the link waits.
  await client.query('BEGIN; LOCK TABLE links IN ACCESS EXCLUSIVE MODE')
  const waiting = site.app.inject({ url, headers })
  const isWaiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'links'::regclass`
  await until(async () => ((await client.query(isWaiting)).rowCount ?? 0) > 0)
  await revoke()
  await client.query('COMMIT')
  client.release()
  const answer = await waiting
  expect([answer.statusCode, answer.json().message]).toEqual([401, 'Unauthenticated.'])
})
