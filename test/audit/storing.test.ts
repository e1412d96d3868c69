import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Caller } from '../../src/accounts/scopes.js'
import type { Read } from '../../src/audit/read.js'
import { openReads } from '../../src/audit/reads.js'
import { type Database, openDatabase } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import { testApp } from '../support/app.js'
import { cableTo } from '../support/cable.js'
import { runInProcess } from '../support/command-line.js'
import { emptiedDatabase } from '../support/database.js'
import { newVisit, storeLink } from '../support/visits.js'

const database = emptiedDatabase()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(new Date('2026-01-31T12:00:00Z'))
})
afterEach(() => vi.useRealTimers())

const reader = (ownerId: number) => {
  const token = { id: null, sender: 'x', name: null, allowedIps: [], rateLimit: null, expiresAt: null, createdAt: null }
  const caller: Caller = { ownerId, scopes: new Set(['visits:pii']), token }
  return { caller, method: 'GET' }
}
const read = (linkId: number, filters: string[] = []): Read => ({ operation: 'listVisits', linkId, filters })
const rows = (first: number, last: number) => ({ rows: last - first + 1, first, last })

async function stored({ pool }: Database) {
  const { rows: found } = await pool.query(
    `SELECT user_id::int AS owner, link_id::int AS link, answers::int, rows::int, first_position::int AS first,
       last_position::int AS last FROM reads ORDER BY user_id, link_id`,
  )
  return found.map(({ owner, link, answers, rows, first, last }) => [owner, link, answers, rows, first, last])
}

function heldLog() {
  const lines: string[] = []
  return { lines, error: (_: object, message: string) => lines.push(message) }
}

it('reads are written when the server ends', async () => {
  const { db, url } = await database()
  const { app, as } = await testApp({ databaseUrl: url })
  await storeLink(db, 1, 7)
  await appendVisits(db, 1, [newVisit(7), newVisit(7)])
  await app.inject({ url: '/link/urls/7/visits', headers: as(1, 'visits:read visits:pii') })
  expect(await stored(db)).toEqual([])
  await app.close()
  expect(await stored(db)).toEqual([[1, 7, 1, 2, 1, 2]])
})

it('reads of many owners and links are each written once', async () => {
  const { db } = await database()
  for (const owner of [1, 2]) await storeLink(db, owner, 7)
  const log = heldLog()
  const reads = openReads({ db, log })
  const expected: number[][] = []
  for (const owner of [1, 2]) {
    for (let link = 1; link <= 1500; link += 1) {
      reads.note(reader(owner), read(link), rows(link, link + 1))
      expected.push([owner, link, 1, 2, link, link + 1])
    }
  }
  await reads.close()
  expect(await stored(db)).toEqual(expected)
  expect([reads.counts.waiting, reads.counts.dropped, log.lines]).toEqual([0, 0, []])
})

it('while the database is away reads are kept, and written when it is back', async () => {
  const { db, url } = await database()
  for (const owner of [1, 2]) await storeLink(db, owner, 7)
  const cable = await cableTo(url)
  const far = openDatabase({ url: cable.url, connections: 2 })
  const log = heldLog()
  const reads = openReads({ db: far, log })
  reads.note(reader(1), read(7), rows(1, 5))
  cable.cut()
  await reads.flush()
  reads.note(reader(1), read(7), rows(4, 9))
  reads.note(reader(2), read(7), rows(3, 3))
  await reads.flush()
  expect([await stored(db), reads.counts.waiting]).toEqual([[], 2])
  expect(log.lines).toEqual(['the audit of reads could not be stored: it is kept until it can be'])
  cable.mend()
  await reads.flush()
  const expected = [
    [1, 7, 2, 11, 1, 9],
    [2, 7, 1, 1, 3, 3],
  ]
  expect([await stored(db), reads.counts.waiting, reads.counts.dropped]).toEqual([expected, 0, 0])
  await reads.close()
  expect(await stored(db)).toEqual(expected)
  await far.close()
})

it('while the database is away, however much waits, it is tried no more often', async () => {
  const { db, url } = await database()
  await storeLink(db, 1, 7)
  const cable = await cableTo(url)
  cable.cut()
  const far = openDatabase({ url: cable.url, connections: 2 })
  const tries = vi.spyOn(far.pool, 'query')
  const reads = openReads({ db: far, log: heldLog() })
  for (let link = 1; link <= 1500; link += 1) reads.note(reader(1), read(link), rows(1, 1))
  // Once because there are many, and once with each of these.
  await reads.flush()
  await reads.flush()
  expect([tries.mock.calls.length, reads.counts.waiting]).toEqual([3, 1500])
  cable.mend()
  await reads.close()
  expect([(await stored(db)).length, reads.counts.dropped]).toEqual([1500, 0])
  await far.close()
})

it('what is more than fits in memory, or is left at the end, is dropped loudly', async () => {
  const { db, url } = await database()
  await storeLink(db, 1, 7)
  const cable = await cableTo(url)
  cable.cut()
  const far = openDatabase({ url: cable.url, connections: 2 })
  const log = heldLog()
  const reads = openReads({ db: far, log, mostWaiting: 2 })
  for (const link of [1, 2, 1, 3, 4, 2]) reads.note(reader(1), read(link), rows(1, 1))
  expect([reads.counts.waiting, reads.counts.dropped]).toEqual([2, 2])
  await reads.close()
  expect([reads.counts.waiting, reads.counts.dropped]).toEqual([0, 6])
  expect(log.lines).toEqual([
    'the audit of reads is full: from now on reads are missing there',
    'the audit of reads could not be stored: it is kept until it can be',
    'the audit of reads could not be stored before the end: it is lost',
  ])
  expect(await stored(db)).toEqual([])
  await far.close()
})

it('what is noted while the last of it is written is written too', async () => {
  const { db } = await database()
  await storeLink(db, 1, 7)
  const log = heldLog()
  const reads = openReads({ db, log })
  reads.note(reader(1), read(7), rows(1, 5))
  const closing = reads.close()
  await setImmediate()
  reads.note(reader(1), read(7), rows(6, 9))
  await closing
  expect([await stored(db), reads.counts.dropped, log.lines]).toEqual([[[1, 7, 2, 9, 1, 9]], 0, []])
})

it('an owner of whom nothing is stored has read nothing, and hinders nobody', async () => {
  const { db } = await database()
  await storeLink(db, 2, 7)
  const reads = openReads({ db, log: heldLog() })
  for (const owner of [1, 2]) reads.note(reader(owner), read(7, ['mobile']), rows(1, 1))
  await reads.close()
  expect(await stored(db)).toEqual([[2, 7, 1, 1, 1, 1]])
})

it('an export on the command line is noted as one without a token', async () => {
  const { db } = await database()
  await storeLink(db, 26, 21)
  await appendVisits(db, 26, [newVisit(21), newVisit(21, { clientIp: '10.0.0.1' }), newVisit(21)])
  const words = ['visits', 'export', '--user', '26', '--link', '21', '--matching', 'filter[client_ip]=127.0.0.1']
  expect(await runInProcess(db, words)).toMatchObject({ status: 0, stderr: 'Exported 2 visits.\n' })
  expect(await stored(db)).toEqual([[26, 21, 1, 2, 1, 3]])
  const { rows: found } = await db.pool.query('SELECT token_id, operation, filters FROM reads')
  expect(found).toEqual([{ token_id: null, operation: 'visits export', filters: ['client_ip'] }])
})
