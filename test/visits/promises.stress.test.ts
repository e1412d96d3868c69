import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { SeededRandom } from '../../src/demo/random.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { openApp, type TestApp } from '../support/app.js'
import { createDatabase, type TestDatabase } from '../support/database.js'
import { addressOf } from '../support/event-stream.js'
import { until } from '../support/until.js'
import { Reader, type Walk } from '../support/visit-readers.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'
import { Writer } from '../support/writers.js'

const links = [1, 2]
const seeds = Array.from({ length: 20 }, (_, at) => at + 1)

let database: TestDatabase
let site: TestApp
let writers: Writer[] = []

beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  // One more than write, so that one that replaces a killed one has time to start.
  writers = Array.from({ length: 5 }, () => new Writer(database.url))
  site = await openApp({ databaseUrl: database.url })
  await site.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.close()))
  await site?.close()
  await database?.drop()
})

/** Batches for each writer. Some of their visits are known to others as well, as when a delivery is repeated. */
function randomBatches(random: SeededRandom, counts: number[]): NewVisit[][][] {
  const known: NewVisit[] = []
  const visit = () => {
    if (known.length > 0 && random.below(5) === 0) return random.pick(known)
    const link = random.pick(links)
    const recipientId = link === 1 ? random.pick([null, 1, 2, 3]) : null
    const made = newVisit(link, { isBot: random.below(3) === 0, recipientId })
    known.push(made)
    return made
  }
  return counts.map((count) => Array.from({ length: count }, () => Array.from({ length: 1 + random.below(6) }, visit)))
}

interface Row {
  id: string
  link: number
  seq: number
  human: number | null
  account: number
}

/** The log as it lies in the database. */
async function storedLog(ownerId: number): Promise<Row[]> {
  const { rows } = await database.db.pool.query<Row>(
    `SELECT id, link_id::int AS link, seq::int, human_seq::int AS human, account_seq::int AS account
     FROM visits WHERE user_id = $1 ORDER BY account_seq`,
    [ownerId],
  )
  return rows
}

/** Runs `write` while two programs read, and returns the log and what they have read. */
async function readWhile(ownerId: number, random: SeededRandom, write: () => Promise<void>) {
  await storeLinks(database.db, ownerId, ...links)
  await storeRecipients(
    database.db,
    ownerId,
    1,
    ['4477009001', '4477009002', '4477009003'],
    [1, 2, 3].map((person) => `o${ownerId}x${person}`),
  )
  const reader = () => new Reader(addressOf(site), site.as(ownerId))
  const [one, two] = [reader(), reader()]
  const writing = new AbortController()
  let log: Row[] = []
  const some = () => 1 + random.below(9)
  const account = '/link/visits/feed'
  const feed = (link: number) => `/link/urls/${link}/visits/feed`
  const pages = (link: number, more = '') => `/link/urls/${link}/visits?as_of=now${more}`
  const read = Promise.all([
    one.poll(account, some(), writing.signal),
    one.wait(feed(1), some(), writing.signal, () => log.filter(({ link }) => link === 1).length),
    one.walk(pages(2), some(), writing.signal),
    two.wait(account, some(), writing.signal, () => log.length),
    two.poll(feed(1), some(), writing.signal),
    two.walk(pages(1, '&bots=exclude'), some(), writing.signal),
  ])
  const written = write().then(async () => {
    log = await storedLog(ownerId)
    writing.abort()
  })
  const [[polledAccount, waitedLink, walks, waitedAccount, polledLink, walksOfPeople]] = await Promise.all([
    read,
    written,
  ])
  return { log, accounts: [polledAccount, waitedAccount], linkFeeds: [waitedLink, polledLink], walks, walksOfPeople }
}

const ids = (rows: { id: string }[]) => rows.map(({ id }) => id)
const oneTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1)

/** Numbers are dense, and each way of reading gave every visit once, in order. */
function expectEverythingRead({
  log,
  accounts,
  linkFeeds,
  walks,
  walksOfPeople,
}: Awaited<ReturnType<typeof readWhile>>) {
  const ofLink = (link: number) => log.filter((row) => row.link === link)
  expect(log.map(({ account }) => account)).toEqual(oneTo(log.length))
  for (const link of links) {
    const numbers = ofLink(link).map(({ seq }) => seq)
    expect(numbers).toEqual(oneTo(numbers.length))
    const people = ofLink(link).flatMap(({ human }) => human ?? [])
    expect(people).toEqual(oneTo(people.length))
  }
  expect(accounts).toEqual([ids(log), ids(log)])
  expect(linkFeeds).toEqual([ids(ofLink(1)), ids(ofLink(1))])
  const frozen = (rows: Row[]) => (walk: Walk) => {
    const then = rows.filter(({ seq }) => seq <= walk.asOf)
    return { ...walk, totals: walk.totals.map(() => then.length), ids: ids(then).reverse() }
  }
  expect(walks).toEqual(walks.map(frozen(ofLink(2))))
  const people = ofLink(1).filter(({ human }) => human !== null)
  expect(walksOfPeople).toEqual(walksOfPeople.map(frozen(people)))
  expect(walks.at(-1)?.asOf).toBe(ofLink(2).length)
}

/** The visits of each writer that no other has stand in the order in which it appended them. */
function expectOrderOfWriters(log: Row[], sent: NewVisit[][][]) {
  const order = new Map(ids(log).map((id, at) => [id, at]))
  for (const own of sent) {
    const others = new Set(sent.filter((batches) => batches !== own).flat(2))
    const places = [...new Set(own.flat())]
      .filter((visit) => !others.has(visit))
      .flatMap(({ id }) => order.get(id) ?? [])
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  }
}

describe('while four processes append, two programs read every visit once, in order, none missing', () => {
  it.each(seeds)('by feeds, held feeds and frozen pages: seed %i', async (seed) => {
    const random = new SeededRandom(seed)
    const sent = randomBatches(random, [10, 10, 10, 10])
    const read = await readWhile(seed, random, async () => {
      await Promise.all(sent.map((batches, at) => writers[at]?.append(seed, batches)))
    })
    expectEverythingRead(read)
    expect(ids(read.log).sort()).toEqual([...new Set(ids(sent.flat(2)))].sort())
    expectOrderOfWriters(read.log, sent)
  })
})

describe('when a writer is killed in between, what it was told is stored, and of the rest whole batches or nothing', () => {
  const enough = 200

  it.each(seeds)('seed %i', async (seed) => {
    const ownerId = 100 + seed
    const random = new SeededRandom(ownerId)
    const sent = randomBatches(random, [10, 10, 10, enough])
    const last = 2 + random.below(6)
    let answered = 0
    const read = await readWhile(ownerId, random, async () => {
      const [victim, ...others] = writers.slice(0, 4)
      writers = [...writers.slice(1), new Writer(database.url)]
      const killed = victim?.append(ownerId, sent[3] ?? [], (count) => {
        if (count === last) victim.kill()
      })
      await Promise.all(others.map((writer, at) => writer.append(ownerId, sent[at] ?? [])))
      answered = (await killed) ?? 0
      await noConnection(victim?.name ?? '')
    })
    expectEverythingRead(read)
    expectOrderOfWriters(read.log, sent)

    const stored = new Set(ids(read.log))
    const own = withoutVisitsOf(sent.slice(0, 3), sent[3] ?? [])
    const wholes = own.filter((batch) => batch.length > 0 && batch.every(({ id }) => stored.has(id)))
    const partly = own.filter((batch) => batch.some(({ id }) => stored.has(id)))
    expect(partly).toEqual(wholes)
    expect(own.slice(0, answered).filter((batch) => !wholes.includes(batch) && batch.length > 0)).toEqual([])
    expect(answered).toBeGreaterThanOrEqual(last)
    expect(answered).toBeLessThan(enough)
    const others = new Set(ids([...sent.slice(0, 3).flat(2), ...wholes.flat()]))
    expect([...stored].sort()).toEqual([...others].sort())
  })
})

/** Visits that only these batches have, each where it first stands. */
function withoutVisitsOf(others: NewVisit[][][], batches: NewVisit[][]): NewVisit[][] {
  const seen = new Set(ids(others.flat(2)))
  return batches.map((batch) =>
    batch.filter(({ id }) => {
      const isOwn = !seen.has(id)
      seen.add(id)
      return isOwn
    }),
  )
}

/** PostgreSQL has noticed that the process is gone: what it was about to do is done or undone. */
async function noConnection(name: string): Promise<void> {
  await until(async () => {
    const { rowCount } = await database.db.pool.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [
      name,
    ])
    return rowCount === 0
  })
}
