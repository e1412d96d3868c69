import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { bearer, testSecret } from '../support/app.js'
import { testDatabase } from '../support/database.js'
import { startServerProcess } from '../support/server-process.js'
import { storeLink } from '../support/visits.js'

const uploads = 12
const recipientsOfUpload = 10_000

it('many large uploads of one owner at once are all stored, and another owner is answered meanwhile', async () => {
  const { db, url } = await testDatabase()
  await storeLink(db, 1, 20)
  await storeLink(db, 2, 30)
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-uploads-'))
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }))
  const server = startServerProcess({ DATABASE_URL: url, DATA_DIR, JWT_SECRET: testSecret, RATE_LIMIT: '0' })
  const address = await server.address()
  const ask = (ownerId: number, path: string, init: RequestInit = {}) =>
    fetch(address + path, { headers: bearer({ sub: String(ownerId), scope: 'admin' }), redirect: 'manual', ...init })

  const upload = async (nth: number) => {
    const recipients = Array.from({ length: recipientsOfUpload }, (_, at) => {
      return {
        message_id: `message ${nth} ${at}`,
        mobile: `+4915${String(100_000_000 + nth * recipientsOfUpload + at)}`,
      }
    })
    const init = { method: 'POST', body: JSON.stringify({ recipients }) }
    for (;;) {
      const answer = await ask(1, '/link/urls/20/recipients', init)
      await answer.arrayBuffer()
      // On a slow machine the last ones wait for longer than a request does.
      if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('5')
      else return answer.status
    }
  }
  let isDone = false
  const uploading = Promise.all(Array.from({ length: uploads }, (_, nth) => upload(nth))).finally(() => {
    isDone = true
  })
  const body = JSON.stringify({ long_url: 'https://example.com/another' })
  const asked: [string, number, RequestInit?][] = [
    ['/link/urls', 200],
    ['/link/urls/30', 200, { method: 'PUT', body }],
    ['/link/urls/30/visits', 200],
    ['/ready', 200],
    ['/link2x30', 302],
  ]
  for (let round = 0; round === 0 || !isDone; round += 1) {
    for (const [path, wanted, init] of asked) {
      const { status } = await ask(2, path, init)
      expect([path, status]).toEqual([path, wanted])
    }
  }
  expect(await uploading).toEqual(Array(uploads).fill(200))
  const { rows } = await db.pool.query('SELECT count(*)::int FROM recipients')
  expect(rows).toEqual([{ count: uploads * recipientsOfUpload }])
})
