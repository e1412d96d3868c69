import { expect, it } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { expiredLinks, openRetention, removeOldVisits } from '../../src/visits/retention.js'
import { testApp, testSecret } from '../support/app.js'
import { runInProcess } from '../support/command-line.js'
import { emptiedDatabase, testDatabase } from '../support/database.js'
import { startServerProcess } from '../support/server-process.js'
import { stallRemoval } from '../support/stall.js'
import { until } from '../support/until.js'
import { newVisit, newWebhook, storeLink, storeRecipients } from '../support/visits.js'

const database = emptiedDatabase()
const emptySite = async () => testApp({ databaseUrl: (await database()).url })

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
const aged = (...days: number[]) => days.map((age) => newVisit(1, { createdAt: daysAgo(age) }))
const link = { ownerId: 1, id: 1 }
const seqs = async (db: Database, linkId = 1) =>
  (await db.prisma.visit.findMany({ where: { linkId }, orderBy: { seq: 'asc' } })).map(({ seq }) => Number(seq))

async function retainAll(db: Database, days?: number) {
  for await (const expired of expiredLinks(db, days)) while (await removeOldVisits(db, expired, days, 2));
}

it('removes a visit when it and all before it are too old, and no other', async () => {
  const { db } = await database()
  await storeLink(db, 1, 1)
  // Imported in the middle: a very old visit behind a younger one waits for it.
  await appendVisits(db, 1, aged(40, 31, 10, 400, 2))
  await retainAll(db, 30)
  expect(await seqs(db)).toEqual([3, 4, 5])
  await retainAll(db, 5)
  expect(await seqs(db)).toEqual([5])
  await retainAll(db, 1)
  expect(await seqs(db)).toEqual([])
  await appendVisits(db, 1, aged(0))
  expect(await seqs(db)).toEqual([6])
  expect(await wrong(db)).toEqual([])
})

it('keeps visits as long as the server and the link say, whichever is shorter', async () => {
  const { db } = await database()
  const given = [null, 10, 90]
  for (const [at, retentionDays] of given.entries()) await storeLink(db, 1, at + 1, { retentionDays })
  const visits = given.flatMap((_, at) => [100, 60, 20, 5].map((age) => newVisit(at + 1, { createdAt: daysAgo(age) })))
  await appendVisits(db, 1, visits)
  const left = async () => Promise.all([1, 2, 3].map(async (id) => (await seqs(db, id)).length))
  await retainAll(db)
  expect(await left()).toEqual([4, 1, 3])
  await retainAll(db, 50)
  expect(await left()).toEqual([2, 1, 2])
})

it('goes on counting all that ever came: visits of the link, openings by people, visits of recipients', async () => {
  const { app, db, as } = await emptySite()
  await storeLink(db, 1, 1, { maxVisits: 3n })
  await storeRecipients(db, 1, 1, ['4477009001'])
  await appendVisits(
    db,
    1,
    aged(40, 39).map((visit) => ({ ...visit, recipientId: 1 })),
  )
  await retainAll(db, 30)
  const get = async (url: string) => (await app.inject({ url, headers: as(1) })).json()
  expect((await get('/link/urls/1')).data.visits).toBe(2)
  expect((await get('/link/urls/1/visits')).meta.total).toBe(0)
  const [recipient] = (await get('/link/urls/1/recipients')).data
  expect(recipient).toMatchObject({ visits: 2, human_visits: 2 })
  expect(recipient.first_visit).not.toBe(null)
  expect(await appendVisits(db, 1, aged(0, 0), { isLimited: true })).toMatchObject({ stored: 1 })
  expect((await app.inject({ url: '/link1x1' })).statusCode).toBe(410)
  expect(await wrong(db)).toEqual([])
})

it('has removed visits for good: an import that brings them once more stores and counts what is new, and nothing else', async () => {
  const { app, db, as } = await emptySite()
  await storeLink(db, 1, 1, { maxVisits: 4n })
  await storeRecipients(db, 1, 1, ['4477009001'])
  const old = aged(40, 39.99, 35).map((visit, nth) => ({ ...visit, isBot: nth === 1, recipientId: 1 }))
  await appendVisits(db, 1, [...old, ...aged(2)])
  const headers = as(1, 'visits:read visits:pii')
  const exported = (await app.inject({ url: '/link/urls/1/visits/export', headers })).body
  await retainAll(db, 30)
  expect(await seqs(db)).toEqual([4])
  const counters = async () => [
    await db.prisma.link.findMany(),
    await db.prisma.recipient.findMany(),
    (await app.inject({ url: '/link/visits/stats', headers })).json().data.totals,
  ]
  const before = await counters()
  const bring = async (input: string, ...args: string[]) =>
    (await runInProcess(db, ['visits', 'import', '-', ...args], { input })).stderr
  expect(await bring(exported)).toBe('Imported 0 visits, skipped 4 that were there already, refused 0 lines.\n')
  // Nor as another link's, or at a local time that is an hour off.
  const shifted = exported.replaceAll(/"created_at":"([^"]+)"/g, (_, time: string) => {
    const later = new Date(Date.parse(`${time.replace(' ', 'T')}Z`) + 3_600_000).toISOString()
    return `"created_at":"${later.slice(0, 19).replace('T', ' ')}"`
  })
  await storeLink(db, 1, 2, { token: null })
  expect(await bring(shifted, '--link', '2')).toContain('Imported 0 visits, skipped 4')
  await db.prisma.link.deleteMany({ where: { id: 2 } })
  expect(await counters()).toEqual(before)
  // Of the same time, and never seen.
  const [sibling] = exported.split('\n').map((line) => line.replace(/"id":"[^"]+"/, `"id":"${newVisit(1).id}"`))
  expect(await bring(`${sibling}\n${exported}`)).toBe(
    'Imported 1 visits, skipped 4 that were there already, refused 0 lines.\n',
  )
})

it('changes every tag that named what is gone', async () => {
  const { app, db, as } = await emptySite()
  await storeLink(db, 1, 1)
  await appendVisits(db, 1, aged(40, 39, 2, 1))
  const paths = [
    ...['/link/urls/1/visits', '/link/urls/1/visits?filter[browser]=Chrome', '/link/urls/1/visits?bots=exclude'],
    ...[
      '/link/urls/1/visits/feed?limit=3',
      '/link/visits/feed?limit=3',
      // Full, so that nothing new can come into them.
      '/link/urls/1/visits/feed?limit=1',
      '/link/visits/feed?limit=1',
      '/link/urls/1/visits/stats',
      '/link/visits/stats',
    ],
  ]
  const tags = new Map<string, string>()
  for (const url of paths) {
    const { headers } = await app.inject({ url, headers: as(1) })
    tags.set(url, String(headers.etag))
    const again = await app.inject({ url, headers: { ...as(1), 'if-none-match': String(headers.etag) } })
    expect([url, again.statusCode]).toEqual([url, 304])
  }
  await retainAll(db, 30)
  for (const url of paths) {
    const again = await app.inject({ url, headers: { ...as(1), 'if-none-match': tags.get(url) } })
    expect([url, again.statusCode]).toEqual([url, 200])
  }
})

it('says of a walk that was frozen before the oldest kept visit where it can go on', async () => {
  const { app, db, as } = await emptySite()
  await storeLink(db, 1, 1)
  await appendVisits(db, 1, aged(40, 39, 38, 1))
  await retainAll(db, 30)
  const at = async (position: number) => {
    return app.inject({ url: `/link/urls/1/visits?as_of=${position}`, headers: as(1) })
  }
  expect((await at(3)).json()).toMatchObject({ data: [], meta: { total: 0 } })
  expect((await at(2)).json().errors).toEqual({ as_of: ['The as of field must be now or a position from 3 to 4.'] })
})

it('waits for webhooks that are still to be told of a visit, and takes deliveries that are over along', async () => {
  const { db } = await database()
  const webhookId = await newWebhook(db, 1, 'https://example.com/hook')
  await storeLink(db, 1, 1, { webhookId })
  await appendVisits(db, 1, aged(40, 39, 38, 1), { isLive: true })
  await db.prisma.webhookDelivery.updateMany({ where: { seq: { in: [1, 3] } }, data: { state: 'delivered' } })
  await retainAll(db, 30)
  expect(await seqs(db)).toEqual([2, 3, 4])
  await db.prisma.webhookDelivery.updateMany({ where: { seq: 2 }, data: { state: 'parked' } })
  await retainAll(db, 30)
  expect(await seqs(db)).toEqual([4])
  expect((await db.prisma.webhookDelivery.findMany()).map(({ seq }) => seq)).toEqual([4n])
})

it('removes each visit once, whoever is at it, while clicks of the same owner are stored', async () => {
  const { db } = await database()
  for (const id of [1, 2]) await storeLink(db, 1, id)
  const old = { createdAt: daysAgo(40) }
  await appendVisits(
    db,
    1,
    Array.from({ length: 3000 }, (_, n) => newVisit(1 + (n % 2), { ...old, isBot: n % 7 === 0 })),
  )
  const remove = async () => {
    for await (const expired of expiredLinks(db, 30)) while (await removeOldVisits(db, expired, 30, 50));
  }
  const clicks = async () => {
    for (let n = 0; n < 50; n++) await appendVisits(db, 1, [newVisit(1, { createdAt: daysAgo(1) })])
  }
  await Promise.all([remove(), remove(), clicks()])
  await remove()
  const links = await db.prisma.link.findMany({ orderBy: { id: 'asc' } })
  expect(links.map(({ visits, firstSeq }) => [visits, firstSeq])).toEqual([
    [1550n, 1501n],
    [1500n, 1501n],
  ])
  expect(await db.prisma.visit.count()).toBe(50)
  expect(await wrong(db)).toEqual([])
})

it('keeps what a link is told to keep while a step waits for its turn', async () => {
  const { db } = await database()
  await storeLink(db, 1, 1, { retentionDays: 30 })
  await appendVisits(db, 1, aged(40, 39, 2))
  const client = await db.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT FROM owners WHERE id = 1 FOR UPDATE')
    const step = removeOldVisits(db, link, undefined)
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await until(async () => (await db.pool.query(waiting)).rowCount === 1)
    await client.query('UPDATE links SET retention_days = 90')
    await client.query('COMMIT')
    expect(await step).toBe(false)
  } finally {
    client.release()
  }
  expect(await seqs(db)).toEqual([1, 2, 3])
})

it('leaves links alone that are being deleted, and owners whom another process is at', async () => {
  const { db } = await database()
  await storeLink(db, 1, 1)
  await appendVisits(db, 1, aged(40))
  const client = await db.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('retention 1', 0))`)
    expect(await removeOldVisits(db, link, 30)).toBe(false)
    await client.query('ROLLBACK')
  } finally {
    client.release()
  }
  await db.prisma.link.updateMany({ data: { deletedAt: new Date() } })
  expect(await removeOldVisits(db, link, 30)).toBe(false)
  expect(await seqs(db)).toEqual([1])
})

it('is at work wherever the background work is', async () => {
  const { db } = await database()
  await storeLink(db, 1, 1)
  await appendVisits(db, 1, aged(...Array(1200).fill(40), 1))
  const retention = openRetention({ db, retentionDays: 30, log: { error: () => {} } })
  await expect.poll(() => seqs(db)).toEqual([1201])
  await retention.close()
})

it('goes on where it was after the server was killed in the middle of it', async () => {
  const { db, url } = await testDatabase()
  await storeLink(db, 1, 1)
  const number = 2000
  await appendVisits(db, 1, aged(...Array(number).fill(40), 1))
  // Its third step.
  const stall = await stallRemoval(db, 1000)
  const env = { DATABASE_URL: url, JWT_SECRET: testSecret, RETENTION_DAYS: '30' }
  const first = startServerProcess(env)
  await stall.reached()
  first.child.kill('SIGKILL')
  await first.ended
  await stall.release()
  const { firstSeq } = await db.prisma.link.findFirstOrThrow()
  expect([firstSeq, await db.prisma.visit.count()]).toEqual([1001n, number - 1000 + 1])
  expect(await wrong(db)).toEqual([])
  startServerProcess(env)
  await expect.poll(() => db.prisma.visit.count()).toBe(1)
  expect(await wrong(db)).toEqual([])
})

/** What the doctor finds about links; owners of this suite count no links. */
async function wrong(db: Database): Promise<string[]> {
  const findings: string[] = []
  const report = ({ where, problem }: { where: string; problem: string }) => findings.push(`${where}: ${problem}`)
  await examineLog(db, { repair: false, report, signal: new AbortController().signal })
  return findings.filter((finding) => !finding.startsWith('owner'))
}
