import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { expiredLinks, removeOldVisits } from '../../src/visits/retention.js'
import { openApp, type TestApp } from '../support/app.js'
import { type ModelVisit, modelStatistics } from '../support/statistics-model.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ digests: { size: 64 } })
})
afterAll(() => site?.close())

const links = [1, 2]
const dayMs = 86_400_000

/** Ages are whole days and a half, so that no test is too slow for them. */
const shape = fc.record({
  link: fc.constantFrom(...links),
  days: fc.integer({ min: 0, max: 12 }),
  isBot: fc.boolean(),
  recipientId: fc.constantFrom(1, 2, null),
})

const step = fc.record({
  shapes: fc.array(shape, { maxLength: 90 }),
  retentionDays: fc.integer({ min: 1, max: 12 }),
  rowsOfStep: fc.integer({ min: 1, max: 40 }),
  reader: fc.constantFrom('feed', 'account', 'none'),
  perPage: fc.integer({ min: 1, max: 25 }),
  limit: fc.integer({ min: 1, max: 25 }),
  link: fc.constantFrom(...links),
})

/** One link's log, kept in memory in the plainest way. */
class Log {
  readonly all: ModelVisit[] = []
  removed = 0

  get kept(): ModelVisit[] {
    return this.all.slice(this.removed)
  }

  retain(before: Date): void {
    while (this.removed < this.all.length && (this.all[this.removed]?.createdAt ?? before) < before) this.removed += 1
  }
}

it('keeps pages dense, totals exact, feeds whole and statistics true, whatever is removed in between', async () => {
  let ownerId = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 7 }), async (steps) => {
      ownerId += 1
      await storeLinks(site.db, ownerId, ...links)
      for (const link of links) {
        const tokens = [1, 2].map((nth) => `o${ownerId}l${link}r${nth}`)
        await storeRecipients(site.db, ownerId, link, ['4477009001', '4477009002'], tokens)
      }
      const logs = new Map(links.map((link) => [link, new Log()]))
      const readers = new Readers(ownerId, logs)
      for (const { shapes, retentionDays, rowsOfStep, reader, perPage, limit, link } of steps) {
        const now = Date.now()
        const visits = shapes.map(({ days, ...given }): ModelVisit => {
          const visit = newVisit(given.link, {
            ...given,
            id: uuidv7(),
            createdAt: new Date(now - (days + 0.5) * dayMs),
          })
          return { ...visit, link: given.link, token: null }
        })
        await appendVisits(site.db, ownerId, visits)
        for (const visit of visits) logs.get(visit.link)?.all.push(visit)

        for (const log of logs.values()) log.retain(new Date(now - retentionDays * dayMs))
        for await (const expired of expiredLinks(site.db, retentionDays)) {
          if (expired.ownerId === ownerId) while (await removeOldVisits(site.db, expired, retentionDays, rowsOfStep));
        }

        await checkPages(ownerId, link, logs.get(link) ?? new Log(), perPage)
        await checkStatistics(ownerId, link, logs)
        await checkStatistics(ownerId, null, logs)
        if (reader === 'feed') await readers.readLink(link, limit)
        if (reader === 'account') await readers.readAccount(limit)
      }
    }),
    { numRuns: 25 },
  )
})

async function get(ownerId: number, url: string) {
  const answer = await site.app.inject({ url, headers: site.as(ownerId, 'visits:read') })
  expect(answer.statusCode).toBe(200)
  return answer.json()
}

const idsOf = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id)

async function checkPages(ownerId: number, link: number, log: Log, perPage: number): Promise<void> {
  const frozen = Math.max(log.removed, log.all.length - 7)
  for (const [query, shown] of [
    ['', log.kept],
    ['&bots=exclude', log.kept.filter(({ isBot }) => !isBot)],
    ['&bots=only', log.kept.filter(({ isBot }) => isBot)],
    [`&as_of=${frozen}`, log.all.slice(log.removed, frozen)],
    [`&bots=exclude&as_of=${frozen}`, log.all.slice(log.removed, frozen).filter(({ isBot }) => !isBot)],
  ] as const) {
    const expected = shown.map(({ id }) => id).reverse()
    const seen: string[] = []
    for (let page = 1; page === 1 || seen.length < expected.length; page++) {
      const url = `/link/urls/${link}/visits?per_page=${perPage}&page=${page}${query}`
      const { meta, ...answer } = await get(ownerId, url)
      expect([query, meta.total]).toEqual([query, expected.length])
      expect(idsOf(answer)).toEqual(expected.slice((page - 1) * perPage, page * perPage))
      seen.push(...idsOf(answer))
    }
  }
}

async function checkStatistics(ownerId: number, link: number | null, logs: Map<number, Log>): Promise<void> {
  const path = link === null ? '/link/visits/stats' : `/link/urls/${link}/visits/stats`
  const visits = [...logs].flatMap(([id, { kept }]) => (link === null || link === id ? kept : []))
  for (const bots of ['include', 'exclude'] as const) {
    const query = {
      filter: {},
      from: null,
      to: null,
      bots,
      timezone: 'UTC',
      interval: 'day' as const,
      groupBy: ['hour'],
    }
    const { totals, ...expected } = modelStatistics(visits, { ...query, top: 10 })
    const { data } = await get(ownerId, `${path}?interval=day&group_by=hour&bots=${bots}`)
    expect(data).toEqual({ ...expected, totals: { ...totals, recipients_sent: link === null ? 4 : 2 } })
  }
}

/** Follow feeds, now and then. */
class Readers {
  readonly #ownerId: number
  readonly #logs: Map<number, Log>
  readonly #cursors = new Map<string, string>()
  readonly #seen = new Map<string, Set<string>>()

  constructor(ownerId: number, logs: Map<number, Log>) {
    this.#ownerId = ownerId
    this.#logs = logs
  }

  async readLink(link: number, limit: number): Promise<void> {
    await this.#read(`/link/urls/${link}/visits/feed`, limit, this.#logs.get(link)?.kept ?? [])
  }

  async readAccount(limit: number): Promise<void> {
    const kept = [...this.#logs.values()].flatMap((log) => log.kept)
    await this.#read('/link/visits/feed', limit, kept)
  }

  /** What is new and kept comes, each once, and then nothing. */
  async #read(path: string, limit: number, kept: ModelVisit[]): Promise<void> {
    const seen = this.#seen.get(path) ?? new Set()
    this.#seen.set(path, seen)
    const expected = kept.filter(({ id }) => !seen.has(id)).map(({ id }) => id)
    const got: string[] = []
    for (let isMore = true; isMore; ) {
      const cursor = this.#cursors.get(path)
      const answer = await get(
        this.#ownerId,
        `${path}?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      )
      this.#cursors.set(path, answer.meta.next_cursor)
      got.push(...idsOf(answer))
      isMore = answer.data.length > 0
    }
    expect(new Set(got).size).toBe(got.length)
    expect([...got].sort()).toEqual(expected.sort())
    for (const id of got) seen.add(id)
  }
}
