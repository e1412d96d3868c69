import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { appendVisits } from '../../../src/visits/append.js'
import { importVisits } from '../../../src/visits/files/import.js'
import { chunkSize } from '../../../src/visits/statistics/chunk.js'
import { restWhileBusy } from '../../../src/visits/statistics/rest.js'
import { testApp } from '../../support/app.js'
import { emptiedDatabase } from '../../support/database.js'
import { newVisit, storeLinks } from '../../support/visits.js'

const database = emptiedDatabase()

it('an answer that takes too long says how much is counted and when to come again, and is there then', async () => {
  const { db, url } = await database()
  await storeLinks(db, 26, 21)
  await appendVisits(
    db,
    26,
    Array.from({ length: 1300 }, () => newVisit(21)),
  )
  const { app, as } = await testApp({ databaseUrl: url, digests: { size: 64, limitMs: 0 } })
  const ask = () => app.inject({ url: '/link/urls/21/visits/stats', headers: as(26) })
  const early = await ask()
  expect([early.statusCode, early.headers['retry-after']]).toEqual([503, '1'])
  expect(early.json().message).toBe(
    'The statistics are being prepared: 1024 of 1300 visits are counted. Try again in 1 s.',
  )
  const { rows } = await db.pool.query('SELECT count(*)::int FROM visit_blocks WHERE link_id = 21')
  expect(rows[0].count).toBeGreaterThanOrEqual(16)
  // No answer reads the rest: the server goes on by itself.
  await expect
    .poll(async () => (await db.pool.query('SELECT count(*)::int FROM visit_blocks WHERE link_id = 21')).rows)
    .toEqual([{ count: 20 }])
  const answer = await ask()
  expect([answer.statusCode, answer.json().data.totals.visits]).toEqual([200, 1300])
})

it('an import leaves no block to be made', async () => {
  const { db } = await database()
  await storeLinks(db, 26, 21, 22)
  const count = 4 * chunkSize + 10
  async function* lines() {
    for (let nth = 0; nth < count; nth++) {
      const { id } = newVisit(21)
      const created_at = new Date(Date.UTC(2026, 0, 1, 0, 0, nth)).toISOString().slice(0, 19).replace('T', ' ')
      yield Buffer.from(`${JSON.stringify({ id, created_at, link_id: nth % 4 === 0 ? 22 : 21, user_id: 26 })}\n`)
    }
  }
  const options = { format: 'ndjson', zone: 'UTC', keepOrder: false, ownerId: undefined, linkId: undefined } as const
  const report = { refused: () => {}, reading: () => {}, storing: () => {} }
  expect(await importVisits(db, Readable.from(lines()), options, report)).toMatchObject({ stored: count })
  const { rows } = await db.pool.query(
    'SELECT link_id::int AS link, count(*)::int FROM visit_blocks GROUP BY 1 ORDER BY 1',
  )
  expect(rows).toEqual([
    { link: 0, count: 4 },
    { link: 21, count: 3 },
    { link: 22, count: 1 },
  ])
})

it('work in the background does not rest in a process that has nothing else to do, and rests where it has', async () => {
  const { signal } = new AbortController()
  // For as long as the test may take.
  await restWhileBusy(600_000, signal)
  let isOver = false
  const beBusy = () => {
    if (!isOver) setImmediate(beBusy)
  }
  beBusy()
  const start = performance.now()
  await restWhileBusy(100, signal)
  isOver = true
  expect(performance.now() - start).toBeGreaterThan(98)
})
