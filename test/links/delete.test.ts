import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openNotifications } from '../../src/database/notifications.js'
import type { Database } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { openRemoval, removeStep } from '../../src/visits/removal.js'
import { openApp, type TestApp, testApp, testSecret } from '../support/app.js'
import { emptiedDatabase, testDatabase } from '../support/database.js'
import { startServerProcess } from '../support/server-process.js'
import { stallRemoval } from '../support/stall.js'
import { chromeOnMac, newVisit, storeLink, storeRecipients } from '../support/visits.js'

const database = emptiedDatabase()

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com' } })
})
afterAll(() => site.close())

const gone = { status: 'ERROR', code: 404, message: 'No results found', data: [] }
const whole = 'links:read links:write visits:read visits:pii'
let lastLink = 100

/** With two recipients, and a visit of each and of nobody. */
async function newLink(owner = 26) {
  const id = ++lastLink
  await storeLink(site.db, owner, id)
  await storeRecipients(site.db, owner, id, ['9019955123', '9019955124'])
  await appendVisits(
    site.db,
    owner,
    [1, 2, null].map((recipientId) => newVisit(id, { recipientId })),
  )
  const remove = () => site.app.inject({ method: 'DELETE', url: `/link/urls/${id}`, headers: site.as(owner, whole) })
  return { id, url: `/link/urls/${id}`, tokens: [`link${owner}x${id}`, `r${id}x1`, `r${id}x2`], remove }
}

const get = (url: string, owner = 26) => site.app.inject({ url, headers: site.as(owner, whole) })

const open = (token: string) =>
  site.app.inject({ url: `/${token}`, headers: { host: 's.example.com', 'user-agent': chromeOnMac.userAgent ?? '' } })

const quiet = { error: () => {} }

describe('deleting a link', () => {
  it('is answered without data', async () => {
    const { remove } = await newLink()
    const answer = await remove()
    expect(answer.statusCode).toBe(200)
    expect(answer.body).toBe('{"status":"OK","code":200,"message":"Link Deleted Successfully","data":[]}')
  })

  it('takes it out of every answer at once, before anything of it is removed', async () => {
    const kept = await newLink()
    const { id, url, remove } = await newLink()
    const listed = async () => (await get('/link/urls?per_page=100')).json().data.map((link: { id: number }) => link.id)
    const feed = async () => {
      const { data } = (await get('/link/visits/feed?limit=1000')).json()
      return new Set(data.map((visit: { link_id: string }) => Number(visit.link_id)))
    }
    expect(await listed()).toContain(id)
    expect(await feed()).toContain(id)
    const tag = String((await get('/link/visits/feed?limit=1000')).headers.etag)
    await remove()
    expect(await listed()).not.toContain(id)
    expect(await listed()).toContain(kept.id)
    const answer = await site.app.inject({
      url: '/link/visits/feed?limit=1000',
      headers: { ...site.as(26, whole), 'if-none-match': tag },
    })
    expect(answer.statusCode).toBe(200)
    expect(await feed()).not.toContain(id)
    expect(await feed()).toContain(kept.id)
    for (const path of ['', '/visits', '/visits/feed', '/visits/export', '/recipients']) {
      const { statusCode, ...shown } = await get(url + path)
      expect([path, statusCode, shown.json()]).toEqual([path, 404, gone])
    }
    for (const [method, path] of [
      ['PUT', ''],
      ['POST', ''],
      ['DELETE', ''],
      ['POST', '/recipients'],
    ] as const) {
      const payload = path === '' ? { long_url: 'https://example.com' } : [{ mobile: '9019955123' }]
      const again = await site.app.inject({ method, url: url + path, payload, headers: site.as(26, whole) })
      expect([method, path, again.json()]).toEqual([method, path, gone])
    }
    expect((await get(`/link/urls?search=link26x${id}`)).json().data).toEqual([])
  })

  it('closes all its short URLs, also those that were opened a moment ago, and stores no visit any more', async () => {
    const { id, tokens, remove } = await newLink()
    for (const token of tokens) expect((await open(token)).statusCode).toBe(302)
    const count = await site.db.prisma.visit.count({ where: { linkId: id } })
    await remove()
    for (const token of tokens) await expect.poll(async () => (await open(token)).statusCode).toBe(410)
    await appendVisits(site.db, 26, [newVisit(id)])
    expect(await site.db.prisma.visit.count({ where: { linkId: id } })).toBe(count)
  })

  it('keeps the pages of the account feed whole: a cursor from before goes on behind the gap', async () => {
    const owner = 300
    for (const id of [1, 2]) await storeLink(site.db, owner, id)
    for (let n = 0; n < 6; n++) await appendVisits(site.db, owner, [newVisit(1 + (n % 2))])
    const read = async (query: string) => (await get(`/link/visits/feed?limit=2${query}`, owner)).json()
    const first = await read('')
    await site.app.inject({ method: 'DELETE', url: '/link/urls/2', headers: site.as(owner) })
    for (const removed of [false, true]) {
      if (removed) while (await removeStep(site.db, 1));
      const second = await read(`&cursor=${first.meta.next_cursor}`)
      const third = await read(`&cursor=${second.meta.next_cursor}`)
      const links = [second, third].map(({ data }) => data.map(({ link_id: id }: { link_id: string }) => id))
      expect(links).toEqual([['1', '1'], []])
    }
  })
})

describe('what a deleted link leaves behind', () => {
  const rows = async (linkId: number) => {
    const where = { where: { linkId } }
    return {
      visits: await site.db.prisma.visit.count(where),
      recipients: await site.db.prisma.recipient.count(where),
      tokens: await site.db.prisma.token.count(where),
    }
  }

  it('goes step by step, visits first and the oldest first; tokens stay', async () => {
    while (await removeStep(site.db));
    const { id, remove } = await newLink()
    const other = await newLink()
    await appendVisits(site.db, 26, [newVisit(id, { isBot: true }), newVisit(id)])
    await remove()
    const states: unknown[] = []
    do {
      const link = await site.db.prisma.link.findFirstOrThrow({ where: { id } })
      states.push([link.firstSeq, link.firstHumanSeq, (await rows(id)).visits, (await rows(id)).recipients])
    } while (await removeStep(site.db, 2))
    expect(states).toEqual([
      [1n, 1n, 5, 2],
      [3n, 3n, 3, 2],
      [5n, 4n, 1, 2],
      [6n, 5n, 0, 2],
      [6n, 5n, 0, 0],
      [6n, 5n, 0, 0],
    ])
    expect(await rows(id)).toEqual({ visits: 0, recipients: 0, tokens: 3 })
    expect(await rows(other.id)).toEqual({ visits: 3, recipients: 2, tokens: 3 })
    expect(await site.db.prisma.link.findFirst({ where: { id } })).toMatchObject({ removedAt: expect.any(Date) })
    for (const token of [`r${id}x1`, `link26x${id}`]) expect((await open(token)).statusCode).toBe(410)
    expect(await wrongLinks(site.db)).toEqual([])
  })

  it('is gone soon after it was deleted, and at the start what nobody was there to remove', async () => {
    const { app, db, as } = await testApp()
    for (const id of [1, 2, 3]) await storeLink(db, 1, id)
    await appendVisits(
      db,
      1,
      Array.from({ length: 500 }, (_, n) => newVisit(1 + (n % 3))),
    )
    await app.inject({ method: 'DELETE', url: '/link/urls/1', headers: as(1) })
    const left = async () =>
      (await db.prisma.visit.groupBy({ by: ['linkId'], _count: true, orderBy: { linkId: 'asc' } })).map(
        ({ linkId, _count }) => [Number(linkId), _count],
      )
    const silent = openRemoval({ db, notifications: { subscribe: () => () => {} }, log: quiet })
    await expect.poll(left).toEqual([
      [2, 167],
      [3, 166],
    ])
    await silent.close()
    const { connectionString = '' } = db.pool.options as { connectionString?: string }
    const notifications = openNotifications(connectionString)
    onTestFinished(() => notifications.close())
    const removals = [1, 2, 3].map(() => openRemoval({ db, notifications, log: quiet }))
    onTestFinished(async () => {
      for (const removal of removals) await removal.close()
    })
    await app.inject({ method: 'DELETE', url: '/link/urls/3', headers: as(1) })
    await expect.poll(left).toEqual([[2, 167]])
    await expect.poll(async () => db.prisma.link.count({ where: { removedAt: { not: null } } })).toBe(2)
  })

  it('goes on where it was after the server was killed in the middle of it', async () => {
    const { db, url } = await testDatabase()
    for (const id of [1, 2]) await storeLink(db, 1, id)
    await appendVisits(db, 1, [newVisit(2)])
    const number = 5000
    await appendVisits(
      db,
      1,
      Array.from({ length: number }, () => newVisit(1)),
    )
    // Its second step.
    const stall = await stallRemoval(db, 2000)
    const env = { DATABASE_URL: url, JWT_SECRET: testSecret }
    const first = startServerProcess(env)
    const address = await first.address()
    const answer = await fetch(`${address}/link/urls/1`, { method: 'DELETE', headers: site.as(1) })
    expect(answer.status).toBe(200)
    await stall.reached()
    first.child.kill('SIGKILL')
    await first.ended
    await stall.release()
    const { firstSeq } = await db.prisma.link.findFirstOrThrow({ where: { id: 1 } })
    expect([firstSeq, await db.prisma.visit.count({ where: { linkId: 1 } })]).toEqual([2001n, number - 2000])
    expect(await wrongLinks(db)).toEqual([])
    startServerProcess(env)
    await expect.poll(() => db.prisma.visit.count()).toBe(1)
    expect(await wrongLinks(db)).toEqual([])
  })

  it('goes once, whoever is at it, while clicks of the same owner are stored', async () => {
    const { db } = await database()
    for (const id of [1, 2, 3, 4]) await storeLink(db, 1, id)
    await appendVisits(
      db,
      1,
      Array.from({ length: 4000 }, (_, n) => newVisit(1 + (n % 4), { isBot: n % 7 === 0 })),
    )
    await db.prisma.link.updateMany({ where: { id: { in: [1, 2, 3] } }, data: { deletedAt: new Date() } })
    const remove = async () => {
      while (await removeStep(db, 50));
    }
    const clicks = async () => {
      for (let n = 0; n < 50; n++) await appendVisits(db, 1, [newVisit(4), newVisit(1)])
    }
    await Promise.all([remove(), remove(), clicks()])
    await remove()
    expect(await db.prisma.visit.count()).toBe(1050)
    const links = await db.prisma.link.findMany({ orderBy: { id: 'asc' } })
    expect(links.map(({ visits, firstSeq, removedAt }) => [visits, firstSeq, removedAt !== null])).toEqual([
      ...Array(3).fill([1000n, 1001n, true]),
      [1050n, 1n, false],
    ])
    expect(await wrongLinks(db)).toEqual([])
  })

  it('does not wait for a click of the owner, nor the click for it', async () => {
    const { db } = await database()
    await storeLink(db, 1, 1)
    await storeLink(db, 1, 2)
    await appendVisits(db, 1, [newVisit(1)])
    await db.prisma.link.updateMany({ where: { id: 1 }, data: { deletedAt: new Date() } })
    const client = await db.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT FROM owners WHERE id = 1 FOR NO KEY UPDATE')
      while (await removeStep(db));
      expect(await db.prisma.visit.count()).toBe(0)
      await client.query('ROLLBACK')
      await client.query('BEGIN')
      await client.query('SELECT FROM links WHERE id = 1 FOR UPDATE')
      expect(await appendVisits(db, 1, [newVisit(1), newVisit(2)])).toMatchObject({ stored: 1 })
      await client.query('ROLLBACK')
    } finally {
      client.release()
    }
  })

  it('is passed over where somebody is at it, for another that is left alone', async () => {
    const { db } = await database()
    for (const id of [1, 2]) await storeLink(db, 1, id, { deletedAt: new Date() })
    const client = await db.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT FROM links WHERE id = 1 FOR UPDATE')
      expect([await removeStep(db), await removeStep(db)]).toEqual([true, false])
      await client.query('ROLLBACK')
      expect([await removeStep(db), await removeStep(db)]).toEqual([true, false])
    } finally {
      client.release()
    }
  })
})

/** What the doctor finds about links; owners of this suite count no links. */
async function wrongLinks(db: Database): Promise<string[]> {
  const findings: string[] = []
  const report = ({ where, problem }: { where: string; problem: string }) => findings.push(`${where}: ${problem}`)
  await examineLog(db, { repair: false, report, signal: new AbortController().signal })
  return findings.filter((finding) => !finding.startsWith('owner'))
}
