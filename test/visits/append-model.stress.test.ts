import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { createDatabase, type TestDatabase } from '../support/database.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
})
afterAll(() => database?.drop())

const links = [1, 2, 3]
/** A link that is not there. */
const nowhere = 4
const people = ['4477009001', '4477009002', '4477009003']

/** `which` names one of few visits, so that batches repeat each other's and their own. */
const visit = fc.record({
  which: fc.integer({ min: 0, max: 40 }),
  link: fc.constantFrom(...links, nowhere),
  isBot: fc.boolean(),
  recipient: fc.option(fc.constantFrom(1, 2, 3)),
  day: fc.integer({ min: 1, max: 28 }),
})

/** What the log should be, kept in memory in the plainest way. */
class Log {
  readonly #visits = new Map<string, NewVisit>()

  append(batch: NewVisit[]): { stored: number; orphaned: string[] } {
    const before = this.#visits.size
    const orphaned = new Set<string>()
    const seen = new Set<string>()
    for (const visit of batch) {
      if (seen.has(visit.id)) continue
      seen.add(visit.id)
      if (visit.linkId === nowhere) orphaned.add(visit.id)
      else if (!this.#visits.has(visit.id)) this.#visits.set(visit.id, visit)
    }
    return { stored: this.#visits.size - before, orphaned: [...orphaned] }
  }

  rows() {
    const all = [...this.#visits.values()]
    return all.map((visit, at) => {
      const earlier = all.slice(0, at + 1).filter(({ linkId }) => linkId === visit.linkId)
      const human = visit.isBot ? null : earlier.filter(({ isBot }) => !isBot).length
      return { id: visit.id, link: visit.linkId, seq: earlier.length, human, account: at + 1 }
    })
  }

  link(id: number) {
    const all = [...this.#visits.values()].filter(({ linkId }) => linkId === id)
    const humans = all.filter(({ isBot }) => !isBot)
    const reached = new Set(humans.flatMap(({ recipientId }) => recipientId ?? []))
    return { id, visits: all.length, people: humans.length, reached: reached.size, last: latest(all) }
  }

  recipient(link: number, id: number) {
    const all = [...this.#visits.values()].filter(({ linkId, recipientId }) => linkId === link && recipientId === id)
    const humans = all.filter(({ isBot }) => !isBot)
    const first = humans.length === 0 ? null : Math.min(...humans.map(({ createdAt }) => Number(createdAt)))
    return { link, id, visits: all.length, people: humans.length, first, last: latest(humans) }
  }
}

const latest = (visits: NewVisit[]) =>
  visits.length === 0 ? null : Math.max(...visits.map(({ createdAt }) => Number(createdAt)))

it('does with any batches what a list in memory would', async () => {
  let ownerId = 0
  const batches = fc.array(fc.array(visit, { maxLength: 12 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      ownerId += 1
      await storeLinks(database.db, ownerId, ...links)
      for (const link of links) {
        const tokens = people.map((_, at) => `o${ownerId}l${link}r${at}`)
        await storeRecipients(database.db, ownerId, link, people, tokens)
      }
      const log = new Log()
      const ids = Array.from({ length: 41 }, () => uuidv7())
      for (const batch of given) {
        const visits = batch.map(({ which, link, isBot, recipient, day }) =>
          newVisit(link, {
            ...(ids[which] && { id: ids[which] }),
            isBot,
            recipientId: recipient,
            createdAt: new Date(2026, 0, day),
          }),
        )
        const { stored, orphaned } = await appendVisits(database.db, ownerId, visits)
        expect({ stored, orphaned }).toEqual(log.append(visits))
      }
      expect(await storedLog(ownerId)).toEqual({
        rows: log.rows(),
        links: links.map((link) => log.link(link)),
        recipients: links.flatMap((link) => [1, 2, 3].map((id) => log.recipient(link, id))),
      })
    }),
    { numRuns: 40 },
  )
})

async function storedLog(userId: number) {
  const { prisma } = database.db
  const rows = await prisma.visit.findMany({ where: { userId }, orderBy: { accountSeq: 'asc' } })
  const stored = await prisma.link.findMany({ where: { userId }, orderBy: { id: 'asc' } })
  const recipients = await prisma.recipient.findMany({ where: { userId }, orderBy: [{ linkId: 'asc' }, { id: 'asc' }] })
  return {
    rows: rows.map(({ id, linkId, seq, humanSeq, accountSeq }) => ({
      id,
      link: Number(linkId),
      seq: Number(seq),
      human: humanSeq === null ? null : Number(humanSeq),
      account: Number(accountSeq),
    })),
    links: stored.map(({ id, visits, humanVisits, reached, lastVisited }) => ({
      id: Number(id),
      visits: Number(visits),
      people: Number(humanVisits),
      reached: Number(reached),
      last: lastVisited?.getTime() ?? null,
    })),
    recipients: recipients.map(({ linkId, id, visits, humanVisits, firstVisit, lastVisit }) => ({
      link: Number(linkId),
      id: Number(id),
      visits: Number(visits),
      people: Number(humanVisits),
      first: firstVisit?.getTime() ?? null,
      last: lastVisit?.getTime() ?? null,
    })),
  }
}
