import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { inTransaction } from '../../src/database/transaction.js'
import { appendVisits } from '../../src/visits/append.js'
import { emptiedDatabase } from '../support/database.js'
import { chromeOnMac, localhost, newVisit, storeLink, storeLinks, storeRecipients } from '../support/visits.js'

const owner = 26
const database = emptiedDatabase()

async function logOf(...linkIds: number[]): Promise<Database> {
  const { db } = await database()
  await storeLinks(db, owner, ...linkIds)
  return db
}

/** What the numbers of the owner's visits are, in the order of the account. */
async function numbers(db: Database, ownerId = owner) {
  const visits = await db.prisma.visit.findMany({ where: { userId: ownerId }, orderBy: { accountSeq: 'asc' } })
  return visits.map(({ linkId, seq, humanSeq, accountSeq, id }) => ({
    id,
    link: Number(linkId),
    seq: Number(seq),
    human: humanSeq === null ? null : Number(humanSeq),
    account: Number(accountSeq),
  }))
}

async function linkRow(db: Database, id: number) {
  const link = await db.prisma.link.findUniqueOrThrow({ where: { userId_id: { userId: owner, id } } })
  const { visits, humanVisits, reached, lastVisited, lastRecordedAt } = link
  return { visits: Number(visits), people: Number(humanVisits), reached: Number(reached), lastVisited, lastRecordedAt }
}

describe('numbers', () => {
  it('are 1, 2, 3 … in each link and in the account, in the order given, over all batches', async () => {
    const db = await logOf(21, 22)
    await appendVisits(db, owner, [newVisit(22), newVisit(21), newVisit(22)])
    await appendVisits(db, owner, [newVisit(21), newVisit(22)])
    expect((await numbers(db)).map(({ link, seq, account }) => [account, link, seq])).toEqual([
      [1, 22, 1],
      [2, 21, 1],
      [3, 22, 2],
      [4, 21, 2],
      [5, 22, 3],
    ])
  })

  it('of people are 1, 2, 3 … of their own, and bots have none', async () => {
    const db = await logOf(21)
    await appendVisits(
      db,
      owner,
      [true, false, true, false].map((isBot) => newVisit(21, { isBot })),
    )
    await appendVisits(db, owner, [newVisit(21, { isBot: true }), newVisit(21)])
    expect((await numbers(db)).map(({ human }) => human)).toEqual([null, 1, null, 2, null, 3])
  })

  it('of one owner do not depend on those of another', async () => {
    const db = await logOf(21)
    await storeLinks(db, 27, 21)
    await appendVisits(db, owner, [newVisit(21), newVisit(21)])
    await appendVisits(db, 27, [newVisit(21)])
    expect(await numbers(db, 27)).toMatchObject([{ seq: 1, human: 1, account: 1 }])
  })

  it('of recording never go back, even when the clock does', async () => {
    const db = await logOf(21)
    const ahead = new Date('2100-01-01T00:00:00Z')
    await db.prisma.owner.update({ where: { id: owner }, data: { lastRecordedAt: ahead } })
    await appendVisits(db, owner, [newVisit(21)])
    expect(await db.prisma.visit.findMany({ select: { recordedAt: true } })).toEqual([{ recordedAt: ahead }])
    expect((await linkRow(db, 21)).lastRecordedAt).toEqual(ahead)
  })
})

describe('a visit id that is stored already', () => {
  it('is ignored and takes no number', async () => {
    const db = await logOf(21, 22)
    const [first, second, third] = [newVisit(21), newVisit(21), newVisit(21)]
    expect(await appendVisits(db, owner, [first, second])).toMatchObject({ stored: 2, orphaned: [] })
    const repeated = { ...first, linkId: 22, queryString: 'again' }
    expect(await appendVisits(db, owner, [second, repeated, third])).toMatchObject({ stored: 1, orphaned: [] })
    expect(await numbers(db)).toMatchObject([
      { id: first.id, link: 21, seq: 1, account: 1 },
      { id: second.id, link: 21, seq: 2, account: 2 },
      { id: third.id, link: 21, seq: 3, account: 3 },
    ])
    expect(await linkRow(db, 22)).toMatchObject({ visits: 0, people: 0, lastVisited: null, lastRecordedAt: null })
  })

  it('leaves every row as it is when the whole batch is stored already', async () => {
    const db = await logOf(21)
    const batch = [newVisit(21), newVisit(21, { isBot: true })]
    await appendVisits(db, owner, batch)
    const before = [await db.prisma.owner.findMany(), await db.prisma.link.findMany(), await numbers(db)]
    expect(await appendVisits(db, owner, batch)).toMatchObject({ stored: 0, orphaned: [] })
    expect([await db.prisma.owner.findMany(), await db.prisma.link.findMany(), await numbers(db)]).toEqual(before)
  })

  it('counts once within a batch: the first of its visits', async () => {
    const db = await logOf(21)
    const visit = newVisit(21, { queryString: 'first' })
    const again = { ...visit, queryString: 'second' }
    expect(await appendVisits(db, owner, [visit, again, newVisit(21)])).toMatchObject({ stored: 2 })
    const rows = await db.prisma.visit.findMany({ orderBy: { seq: 'asc' }, select: { seq: true, queryString: true } })
    expect(rows).toEqual([
      { seq: 1n, queryString: 'first' },
      { seq: 2n, queryString: null },
    ])
  })

  it('may be stored by another owner', async () => {
    const db = await logOf(21)
    await storeLinks(db, 27, 21)
    const visit = newVisit(21)
    await appendVisits(db, owner, [visit])
    expect(await appendVisits(db, 27, [visit])).toMatchObject({ stored: 1 })
  })
})

describe('a visit whose link is not there', () => {
  it('is named, and the others are stored without a gap', async () => {
    const db = await logOf(21, 23)
    await storeLinks(db, 27, 22)
    await db.prisma.link.updateMany({ where: { id: 23 }, data: { deletedAt: new Date() } })
    const lost = [newVisit(99), newVisit(22), newVisit(23)]
    const [a, b] = [newVisit(21), newVisit(21)]
    const appended = await appendVisits(
      db,
      owner,
      [lost[0], a, lost[1], b, lost[2]].flatMap((visit) => visit ?? []),
    )
    expect({ ...appended, orphaned: appended.orphaned.sort() }).toMatchObject({
      stored: 2,
      orphaned: lost.map(({ id }) => id).sort(),
    })
    expect(await numbers(db)).toMatchObject([
      { id: a.id, seq: 1, account: 1 },
      { id: b.id, seq: 2, account: 2 },
    ])
    expect(await numbers(db, 27)).toEqual([])
  })

  it('is named also when there is no such owner', async () => {
    const db = await logOf(21)
    const visit = newVisit(21)
    expect(await appendVisits(db, 99, [visit])).toMatchObject({ stored: 0, orphaned: [visit.id] })
  })
})

describe('counters', () => {
  const at = (day: number) => new Date(`2026-01-0${day}T00:00:00Z`)

  it('of a link are its visits, those of people, and the latest time', async () => {
    const db = await logOf(21, 22)
    await appendVisits(db, owner, [newVisit(21, { createdAt: at(5) }), newVisit(21, { createdAt: at(3) })])
    await appendVisits(db, owner, [newVisit(21, { createdAt: at(4), isBot: true })])
    expect(await linkRow(db, 21)).toMatchObject({ visits: 3, people: 2, lastVisited: at(5) })
    expect(await linkRow(db, 22)).toMatchObject({ visits: 0, people: 0, lastVisited: null })
  })

  it('of a recipient are all visits, those of people with their first and last time, and whether there was one', async () => {
    const db = await logOf(21)
    await storeRecipients(db, owner, 21, ['4477009001', '4477009002', '4477009003'])
    const visit = (recipientId: number, day: number, isBot = false) =>
      newVisit(21, { recipientId, isBot, createdAt: at(day) })
    await appendVisits(db, owner, [visit(1, 5), visit(1, 2), visit(1, 1, true), visit(2, 4, true)])
    await appendVisits(db, owner, [visit(1, 3), visit(1, 9, true)])
    const people = await db.prisma.recipient.findMany({
      orderBy: { id: 'asc' },
      select: { visits: true, humanVisits: true, visited: true, firstVisit: true, lastVisit: true },
    })
    expect(people).toEqual([
      { visits: 5n, humanVisits: 3n, visited: true, firstVisit: at(2), lastVisit: at(5) },
      { visits: 1n, humanVisits: 0n, visited: false, firstVisit: null, lastVisit: null },
      { visits: 0n, humanVisits: 0n, visited: false, firstVisit: null, lastVisit: null },
    ])
  })

  it('say of a link how many recipients were reached: each once, and not by bots', async () => {
    const db = await logOf(21)
    await storeRecipients(db, owner, 21, ['4477009001', '4477009002', '4477009003'])
    const visit = (recipientId: number | null, isBot = false) => newVisit(21, { recipientId, isBot })
    await appendVisits(db, owner, [visit(1), visit(1), visit(2, true), visit(null)])
    expect((await linkRow(db, 21)).reached).toBe(1)
    await appendVisits(db, owner, [visit(1), visit(2), visit(3, true)])
    expect((await linkRow(db, 21)).reached).toBe(2)
  })
})

describe('user agents and places', () => {
  const safari = { ...chromeOnMac, browser: 'Safari' }

  it('are stored once for each owner, however many visits and batches have them', async () => {
    const db = await logOf(21)
    await storeLinks(db, 27, 21)
    for (const ownerId of [owner, owner, 27]) {
      await appendVisits(db, ownerId, [
        newVisit(21),
        newVisit(21, { userAgent: { ...chromeOnMac }, place: { ...localhost } }),
        newVisit(21, { userAgent: safari, place: null }),
      ])
    }
    const agents = await db.prisma.userAgent.findMany({ orderBy: [{ userId: 'asc' }, { browser: 'asc' }] })
    expect(agents.map(({ userId, browser }) => [Number(userId), browser])).toEqual([
      [owner, 'Chrome'],
      [owner, 'Safari'],
      [27, 'Chrome'],
      [27, 'Safari'],
    ])
    expect((await db.prisma.place.findMany()).map(({ city }) => city)).toEqual(['localhost', 'localhost'])
  })

  it('that vanished since this process stored them are stored again', async () => {
    const db = await logOf(21)
    await appendVisits(db, owner, [newVisit(21)])
    await db.prisma.link.updateMany({ data: { firstSeq: 2, firstHumanSeq: 2 } })
    await db.prisma.visit.deleteMany()
    await db.prisma.userAgent.deleteMany()
    await db.prisma.place.deleteMany()
    expect(await appendVisits(db, owner, [newVisit(21)])).toMatchObject({ stored: 1 })
    expect(await db.prisma.userAgent.count()).toBe(1)
    expect(await db.prisma.place.count()).toBe(1)
    expect(await numbers(db)).toMatchObject([{ seq: 2, human: 2, account: 2 }])
  })
})

describe('a batch that fails', () => {
  it.each([
    ['a recipient that is not there', { recipientId: 9 }],
    ['an address that is none', { clientIp: 'home' }],
    ['a time that is none', { createdAt: new Date(Number.NaN) }],
  ])('leaves nothing behind: %s', async (_, wrong) => {
    const db = await logOf(21, 22)
    await appendVisits(db, owner, [newVisit(21)])
    const state = async () => [
      await db.prisma.owner.findMany(),
      await db.prisma.link.findMany({ orderBy: { id: 'asc' } }),
      await db.prisma.userAgent.count(),
      await numbers(db),
    ]
    const before = await state()
    const userAgent = { ...chromeOnMac, browser: 'New' }
    const batch = [newVisit(22, { userAgent }), newVisit(21, wrong), newVisit(21)]
    await expect(appendVisits(db, owner, batch)).rejects.toThrow()
    expect(await state()).toEqual(before)
    // What it would have brought is not taken for stored.
    await appendVisits(db, owner, [newVisit(21, { userAgent })])
    expect(await numbers(db)).toMatchObject([{ seq: 1 }, { seq: 2, account: 2 }])
  })

  it('is given up at once when it is called off, and leaves nothing behind', async () => {
    const db = await logOf(21)
    const blocker = await db.pool.connect()
    await blocker.query('BEGIN; SELECT FROM owners FOR UPDATE')
    const calledOff = new AbortController()
    const appending = appendVisits(db, owner, [newVisit(21)], { signal: calledOff.signal })
    const rejected = expect(appending).rejects.toThrow()
    calledOff.abort()
    await rejected
    await blocker.query('COMMIT')
    blocker.release()
    expect(await appendVisits(db, owner, [newVisit(21)])).toMatchObject({ stored: 1 })
    expect(await numbers(db)).toMatchObject([{ seq: 1, account: 1 }])
  })
})

describe('a link with max_visits', () => {
  const limited = { isLimited: true }
  const limitedLog = async (maxVisits: number) => {
    const { db } = await database()
    await storeLink(db, owner, 21, { maxVisits })
    return db
  }

  it('takes that many visits of people, whatever bots come in between, and then none at all', async () => {
    const db = await limitedLog(2)
    const batch = [true, false, true, false, false, true].map((isBot) => newVisit(21, { isBot }))
    const taken = await appendVisits(db, owner, batch, limited)
    expect(taken).toEqual({ stored: 5, orphaned: [], exceeding: [batch[4]?.id] })
    expect((await numbers(db)).map(({ seq, human }) => [seq, human])).toEqual([
      [1, null],
      [2, 1],
      [3, null],
      [4, 2],
      [5, null],
    ])
    const late = [newVisit(21), newVisit(21, { isBot: true })]
    expect(await appendVisits(db, owner, late, limited)).toMatchObject({
      stored: 0,
      exceeding: late.map(({ id }) => id),
    })
  })

  it('takes what was answered already, beyond the limit', async () => {
    const db = await limitedLog(1)
    await appendVisits(db, owner, [newVisit(21), newVisit(21)])
    expect((await numbers(db)).map(({ seq, human }) => [seq, human])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('is used up exactly, however many batches come at once', async () => {
    const db = await limitedLog(10)
    const batches = Array.from({ length: 8 }, () => [newVisit(21), newVisit(21), newVisit(21)])
    const outcomes = await Promise.all(batches.map((batch) => appendVisits(db, owner, batch, limited)))
    expect(outcomes.reduce((sum, { stored }) => sum + stored, 0)).toBe(10)
    expect(outcomes.flatMap(({ exceeding }) => exceeding)).toHaveLength(14)
    expect(await linkRow(db, 21)).toMatchObject({ visits: 10, people: 10 })
  })
})

describe('the outbox', () => {
  const active = '5f0c8a3e-2f0b-4c7e-9a55-0d6f0c1b2a3d'
  const silent = '6f0c8a3e-2f0b-4c7e-9a55-0d6f0c1b2a3d'
  const foreign = '7f0c8a3e-2f0b-4c7e-9a55-0d6f0c1b2a3d'

  async function logWithWebhooks(): Promise<Database> {
    const { db } = await database()
    await storeLink(db, owner, 21, { webhookId: active.toUpperCase() })
    await storeLink(db, owner, 22)
    await storeLink(db, owner, 23, { webhookId: silent })
    await storeLink(db, owner, 24, { webhookId: foreign })
    await storeLink(db, owner, 25, { webhookId: '7' })
    await storeLinks(db, 27, 31)
    const webhook = { name: 'n', uri: 'https://example.com/', verificationCode: 'whsec_' }
    await db.prisma.webhook.createMany({
      data: [
        { ...webhook, userId: owner, id: active },
        { ...webhook, userId: owner, id: silent, status: 0 },
        { ...webhook, userId: 27, id: foreign },
      ],
    })
    return db
  }

  const outbox = async (db: Database) => {
    const deliveries = await db.prisma.webhookDelivery.findMany({ orderBy: { seq: 'asc' } })
    return deliveries.map(({ linkId, seq, webhookId, id, state }) => [
      Number(linkId),
      Number(seq),
      webhookId,
      id,
      state,
    ])
  }
  const lanes = async (db: Database) =>
    (await db.prisma.webhookLane.findMany()).map(({ linkId, arrivals }) => [Number(linkId), Number(arrivals)])

  it('opens lanes in the order of their links: a batch that waits for the first holds none of the others', async () => {
    const db = await logWithWebhooks()
    const links = [21, ...Array.from({ length: 19 }, (_, n) => 101 + n)]
    for (const link of links.slice(1)) await storeLink(db, owner, link, { webhookId: active })
    const append = () => {
      const visits = links.toReversed().map((link) => newVisit(link))
      return appendVisits(db, owner, visits, { isLive: true })
    }
    await append()
    const batch = await inTransaction(db, async (client) => {
      await client.query('SELECT FROM webhook_lanes WHERE link_id = 21 FOR UPDATE')
      const waiting = append()
      const isWaiting = "datname = current_database() AND wait_event_type = 'Lock'"
      const count = async () => (await db.pool.query(`SELECT FROM pg_stat_activity WHERE ${isWaiting}`)).rowCount
      await expect.poll(count, { interval: 20 }).toBe(1)
      const free = await client.query('SELECT FROM webhook_lanes FOR UPDATE SKIP LOCKED')
      return { waiting, free: free.rowCount }
    })
    expect(batch.free).toBe(links.length)
    await batch.waiting
  })

  it('has each live visit of a link whose webhook is active and its owner’s, and no other', async () => {
    const db = await logWithWebhooks()
    const batch = [21, 22, 23, 24, 25, 21].map((link) => newVisit(link))
    await appendVisits(db, owner, batch, { isLive: true })
    expect(await outbox(db)).toEqual([
      [21, 1, active, batch[0]?.id, 'pending'],
      [21, 2, active, batch[5]?.id, 'pending'],
    ])
    expect(await lanes(db)).toEqual([[21, 0]])
    await appendVisits(db, owner, [newVisit(21)], { isLive: true })
    expect(await outbox(db)).toHaveLength(3)
    expect(await lanes(db)).toEqual([[21, 1]])
  })

  it('has nothing of what is imported, stored again, or not stored', async () => {
    const db = await logWithWebhooks()
    const visit = newVisit(21)
    await appendVisits(db, owner, [visit])
    await appendVisits(db, owner, [visit], { isLive: true })
    await appendVisits(db, owner, [newVisit(21, { recipientId: 9 })], { isLive: true }).catch(() => {})
    expect(await outbox(db)).toEqual([])
    expect(await lanes(db)).toEqual([])
  })
})

describe('batches at the same time', () => {
  it('over the same links in opposite orders all come through, without gap or repetition', async () => {
    const db = await logOf(21, 22, 23)
    await storeRecipients(db, owner, 21, ['4477009001', '4477009002'])
    const links = [21, 22, 23]
    const batches = Array.from({ length: 24 }, (_, at) => {
      const order = at % 2 === 0 ? links : links.toReversed()
      return order.map((link) =>
        newVisit(link, {
          recipientId: link === 21 ? 1 + (at % 2) : null,
          userAgent: { ...chromeOnMac, browserVersion: String(at % 3) },
        }),
      )
    })
    const appended = await Promise.all(batches.map((batch) => appendVisits(db, owner, batch)))
    expect(appended.map(({ stored }) => stored)).toEqual(batches.map(() => 3))
    const stored = await numbers(db)
    expect(stored.map(({ account }) => account)).toEqual(Array.from({ length: 72 }, (_, at) => at + 1))
    for (const link of links) {
      const ofLink = stored.filter((visit) => visit.link === link)
      expect(ofLink.map(({ seq }) => seq)).toEqual(Array.from({ length: 24 }, (_, at) => at + 1))
    }
    expect(await linkRow(db, 21)).toMatchObject({ visits: 24, people: 24, reached: 2 })
  })

  it('that bring the same visits store each once', async () => {
    const db = await logOf(21)
    const visits = Array.from({ length: 20 }, () => newVisit(21, { id: uuidv7() }))
    const batches = Array.from({ length: 8 }, (_, at) => [...visits.slice(at), ...visits.slice(0, at)])
    const appended = await Promise.all(batches.map((batch) => appendVisits(db, owner, batch)))
    expect(appended.reduce((sum, { stored }) => sum + stored, 0)).toBe(20)
    const ids = (await numbers(db)).map(({ id }) => id)
    expect(ids.sort()).toEqual(visits.map(({ id }) => id).sort())
  })
})
