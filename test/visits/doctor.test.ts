import { expect, it } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { storeDemo } from '../../src/demo/data.js'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { emptiedDatabase, testDatabase } from '../support/database.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const database = emptiedDatabase()

const day = (number: number) => new Date(Date.UTC(2026, 0, number))

/** Two links: 21 with twelve visits, every third of a bot, four of recipients 1 and 2; and 22 without any. */
async function soundLog(getDatabase: () => Promise<{ db: Database }> = database): Promise<Database> {
  const { db } = await getDatabase()
  await storeLinks(db, 26, 21, 22)
  await storeRecipients(db, 26, 21, ['4477009001', '4477009002', '4477009003'])
  await db.prisma.owner.updateMany({ data: { lastLinkId: 22 } })
  const visits = Array.from({ length: 12 }, (_, at) => {
    const recipientId = [1, 2][at] ?? [1, 2][at - 6] ?? null
    return newVisit(21, { isBot: at % 3 === 2, createdAt: day(1 + at), recipientId })
  })
  await appendVisits(db, 26, visits.slice(0, 7))
  await appendVisits(db, 26, visits.slice(7))
  return db
}

/** Lines as the command prints them; small steps, so that every length needs several. */
async function examine(db: Database, repair = false): Promise<string[]> {
  const lines: string[] = []
  await examineLog(db, {
    repair,
    signal: new AbortController().signal,
    stepRows: 5,
    report: ({ where, problem }, isRepaired) => lines.push(`${where}: ${problem}${isRepaired ? ' (repaired)' : ''}`),
  })
  return lines
}

/** Changes rows past constraints, as a broken disk would. */
async function corrupt(db: Database, damage: string): Promise<void> {
  const tables = ['visits', 'user_agents', 'places', 'recipients']
  const triggers = (change: string) => tables.map((table) => `ALTER TABLE ${table} ${change} TRIGGER USER;`).join('')
  await db.pool.query(`${triggers('DISABLE')}${damage};${triggers('ENABLE')}`)
}

const revisions = async (db: Database) => {
  const owner = await db.prisma.owner.findFirstOrThrow()
  const link = await db.prisma.link.findFirstOrThrow({ where: { id: 21 } })
  return [owner.revision, link.revision]
}

it('finds nothing in a log that is sound, in an empty one, and in that of the demo', async () => {
  expect(await examine(await soundLog())).toEqual([])
  const { db } = await database()
  expect(await examine(db)).toEqual([])
  await storeDemo(db, 'localhost', new Date())
  expect(await examine(db)).toEqual([])
})

const link = 'link 21 of owner 26'
const at = (number: number) => day(number).toISOString()

it.each([
  ['UPDATE links SET visits = 9 WHERE id = 21', `${link}: visits is 9, the rows say 12`],
  ['UPDATE links SET visits = 15 WHERE id = 21', `${link}: visits is 15, the rows say 12`],
  ['UPDATE links SET human_visits = 7 WHERE id = 21', `${link}: human_visits is 7, the rows say 8`],
  ['UPDATE links SET first_seq = 3 WHERE id = 21', `${link}: first_seq is 3, the rows say 1`],
  ['UPDATE links SET first_human_seq = 3 WHERE id = 21', `${link}: first_human_seq is 3, the rows say 1`],
  ['UPDATE links SET reached = 0 WHERE id = 21', `${link}: reached is 0, the rows say 2`],
  ['UPDATE links SET last_recipient = 2 WHERE id = 21', `${link}: last_recipient is 2, the rows say 3`],
  ['UPDATE links SET last_visited = NULL WHERE id = 21', `${link}: last_visited is null, the rows say ${at(12)}`],
  [
    `UPDATE links SET last_visited = '${at(30)}' WHERE id = 21`,
    `${link}: last_visited is ${at(30)}, the rows say ${at(12)}`,
  ],
  [
    'UPDATE links SET visits = 3, human_visits = 1 WHERE id = 22',
    'link 22 of owner 26: first_seq is 1, the rows say 4; first_human_seq is 1, the rows say 2',
  ],
  ['UPDATE recipients SET visits = 3 WHERE id = 1', `recipient 1 of ${link}: visits is 3, the rows say 2`],
  [
    'UPDATE recipients SET visits = 5, human_visits = 3, visited = true WHERE id = 3',
    `recipient 3 of ${link}: visits is 5, the rows say 0; human_visits is 3, the rows say 0; visited is true, the rows say false`,
  ],
  [
    `UPDATE recipients SET first_visit = NULL WHERE id = 2`,
    `recipient 2 of ${link}: first_visit is null, the rows say 2026-01-02T00:00:00+00:00`,
  ],
  ['UPDATE owners SET last_account_seq = 4', 'owner 26: last_account_seq is 4, the rows say 12'],
  ['UPDATE owners SET last_link_id = 3', 'owner 26: last_link_id is 3, the rows say 22'],
])('finds and repairs %s', async (damage, line) => {
  const db = await soundLog()
  const sound = await db.prisma.link.findMany({ orderBy: { id: 'asc' }, omit: { revision: true } })
  const before = await revisions(db)
  await corrupt(db, damage)
  expect(await examine(db)).toEqual([line])
  expect(await examine(db, true)).toEqual([`${line} (repaired)`])
  expect(await examine(db)).toEqual([])
  const isOfLink = line.includes(link)
  expect(await revisions(db)).toEqual([(before[0] ?? 0n) + 1n, (before[1] ?? 0n) + (isOfLink ? 1n : 0n)])
  if (isOfLink) {
    expect(await db.prisma.link.findMany({ orderBy: { id: 'asc' }, omit: { revision: true } })).toEqual(sound)
  }
  expect(await appendVisits(db, 26, [newVisit(21), newVisit(22)])).toMatchObject({ stored: 2 })
  expect(await examine(db)).toEqual([])
})

const restore = 'restore them from a backup, they are never renumbered'

it.each([
  ['DELETE FROM visits WHERE seq IN (3, 9)', `${link}: 2 visits are missing, the first 3: ${restore}`],
  // Where a step ends.
  ['DELETE FROM visits WHERE seq = 6', `${link}: 1 visits are missing, the first 6: ${restore}`],
  [
    'UPDATE visits SET human_seq = NULL WHERE seq = 4',
    `${link}: 1 numbers of people are missing, the first 3: ${restore}`,
  ],
  [
    'UPDATE visits SET human_seq = NULL WHERE seq = 1',
    `${link}: numbers of people begin at 2: restore what is missing from a backup`,
  ],
  ['UPDATE visits SET account_seq = 50 WHERE seq = 5', `${link}: 7 visits are not in the order of recording`],
  [`UPDATE visits SET recorded_at = '2001-01-01' WHERE seq = 6`, `${link}: 1 visits are not in the order of recording`],
  ['DELETE FROM user_agents', `${link}: 12 visits refer to a user agent that is not there`],
  ['DELETE FROM places', `${link}: 12 visits refer to a place that is not there`],
  ['DELETE FROM recipients WHERE id = 2', `${link}: 2 visits refer to a recipient that is not there`],
])('finds, and does not hide by repairing, %s', async (damage, line) => {
  const db = await soundLog()
  await corrupt(db, damage)
  const numbers = () =>
    db.pool.query('SELECT seq, human_seq, account_seq FROM visits ORDER BY seq').then(({ rows }) => rows)
  const before = await numbers()
  expect(await examine(db)).toContain(line)
  await examine(db, true)
  expect(await examine(db)).toEqual([line])
  expect(await numbers()).toEqual(before)
})

it('lets counters be about visits that are gone', async () => {
  const db = await soundLog()
  await db.pool.query('UPDATE links SET first_seq = 5, first_human_seq = 4 WHERE id = 21')
  await db.pool.query('DELETE FROM visits WHERE seq < 5')
  expect(await examine(db)).toEqual([])
  await db.pool.query('UPDATE links SET first_seq = 13, first_human_seq = 9 WHERE id = 21')
  await db.pool.query('DELETE FROM visits')
  expect(await examine(db)).toEqual([])
})

it('names a trigger that was switched off', async () => {
  const db = await soundLog(testDatabase)
  await db.pool.query('ALTER TABLE visits DISABLE TRIGGER visits_dense_positions')
  const line = 'trigger visits_dense_positions: is missing or disabled: gaps and repeated numbers would be stored'
  expect(await examine(db, true)).toEqual([line])
})

it('tells of twenty recipients, and of the others how many', async () => {
  const { db } = await database()
  await storeLinks(db, 26, 21)
  await db.prisma.owner.updateMany({ data: { lastLinkId: 21 } })
  await storeRecipients(
    db,
    26,
    21,
    Array.from({ length: 30 }, (_, at) => `44770090${10 + at}`),
  )
  await db.prisma.recipient.updateMany({ data: { visits: 1 } })
  const lines = await examine(db, true)
  expect(lines.filter((line) => line.startsWith('recipient '))).toHaveLength(20)
  expect(lines.at(-1)).toBe(`${link}: 10 more recipients have wrong counters (repaired)`)
  expect(await examine(db)).toEqual([])
})

it('finds nothing wrong while visits are being stored', async () => {
  const db = await soundLog()
  let isOver = false
  const storing = (async () => {
    for (let batch = 0; batch < 30; batch++)
      await appendVisits(db, 26, [newVisit(21, { recipientId: 1 }), newVisit(22)])
    isOver = true
  })()
  const lines: string[] = []
  const examining = (async () => {
    do lines.push(...(await examine(db)))
    while (!isOver)
  })()
  await Promise.all([storing, examining])
  expect(lines).toEqual([])
})
