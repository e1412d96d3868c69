import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp } from '../support/app.js'
import { until } from '../support/until.js'
import { newVisit, storeLinks } from '../support/visits.js'

const rows = 60_000
const idleMs = 1000

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { STREAM_HEARTBEAT_MS: String(idleMs / 4) } })
  await site.app.listen({ port: 0, host: '127.0.0.1' })
  await storeLinks(site.db, 1, 41)
  for (let at = 0; at < rows; at += 5000) {
    await appendVisits(
      site.db,
      1,
      Array.from({ length: 5000 }, () => newVisit(41)),
    )
  }
})
afterAll(() => site.close())

async function open(headers: Record<string, string>): Promise<IncomingMessage> {
  const address = site.app.server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  const path = '/link/urls/41/visits/export'
  const asked = httpRequest({ agent: false, port, path, headers })
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage]
  // A reset is told to both.
  asked.on('error', () => {})
  return answer
}

it('a reader at full speed gets what is on its way when the revocation of its token is answered, and nothing more', async () => {
  const { id, access_token: text } = await newToken(site, 1, { scopes: ['visits:read'] })
  const answer = await open(withToken(text))
  let lines = 0
  answer.on('data', (piece: Buffer) => {
    for (const byte of piece) if (byte === 10) lines += 1
  })
  const end = new Promise<string>((resolve) =>
    answer.on('end', () => resolve('whole')).on('error', () => resolve('cut')),
  )
  await until(() => lines > 500)
  await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(1) })
  const before = lines
  expect(await end).toBe('cut')
  console.info(`${lines - before} rows came after the answer, ${before} before it`)
  // Pieces have 250 rows at most, and the connection holds some.
  expect(lines - before).toBeLessThan(10_000)
})

it('a slow reader who always takes something gets all of it, though it takes longer than nothing may be taken', async () => {
  const answer = await open(site.as(1))
  let lines = 0
  const begin = performance.now()
  for await (const piece of answer) {
    for (const byte of piece as Buffer) if (byte === 10) lines += 1
    // The system tells the server only of a third of its buffer, a megabyte, that it is taken.
    if (performance.now() - begin < 5 * idleMs) await pause(idleMs / 50)
  }
  expect(lines).toBe(rows)
  expect(performance.now() - begin).toBeGreaterThan(5 * idleMs)
})
