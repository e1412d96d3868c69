import { expect, it } from 'vitest'
import { readId } from '../../src/audit/read-id.js'
import { openReadRemoval, removeOldReads } from '../../src/audit/removal.js'
import type { Database } from '../../src/database/open.js'
import { testSecret } from '../support/app.js'
import { testDatabase } from '../support/database.js'
import { startServerProcess } from '../support/server-process.js'
import { storeLink } from '../support/visits.js'

const dayMs = 86_400_000

async function storeRead({ pool }: Database, ownerId: number, linkId: number, ageMs: number) {
  const at = Date.now() - ageMs
  await pool.query(
    `INSERT INTO reads (user_id, id, operation, link_id, answers, rows, first_at, last_at)
     VALUES ($1, $2, 'listVisits', $3, 1, 1, $4, $4)`,
    [ownerId, readId(at - (at % 60_000), null, 'listVisits', linkId), linkId, new Date(at)],
  )
}

const left = async ({ pool }: Database) => {
  const { rows } = await pool.query('SELECT user_id::int AS owner, link_id::int AS link FROM reads ORDER BY 1, 2')
  return rows.map(({ owner, link }) => [owner, link])
}

/** Links 1 to 4 of two owners were read 40, 31 and 29 days ago, and just now. */
async function agedReads() {
  const database = await testDatabase()
  for (const owner of [1, 2]) {
    await storeLink(database.db, owner, 1)
    for (const [at, days] of [40, 31, 29, 0].entries()) await storeRead(database.db, owner, at + 1, days * dayMs)
  }
  return database
}

const young = [
  [1, 3],
  [1, 4],
  [2, 3],
  [2, 4],
]

it('removes reads that are older than so many days, step by step, and no others', async () => {
  const { db } = await agedReads()
  expect(await removeOldReads(db, 30, 1)).toBe(true)
  expect(await left(db)).toHaveLength(7)
  let steps = 1
  while (await removeOldReads(db, 30, 1)) steps += 1
  expect([steps, await left(db)]).toEqual([4, young])
})

it('removes them by itself, and ends', async () => {
  const { db } = await agedReads()
  const removal = openReadRemoval({ db, auditDays: 30, log: { error: () => {} } })
  await expect.poll(() => left(db)).toEqual(young)
  await removal.close()
})

it('a server does, as AUDIT_DAYS says, also where visits are kept for ever', async () => {
  const { db, url } = await agedReads()
  const server = startServerProcess({ DATABASE_URL: url, JWT_SECRET: testSecret, AUDIT_DAYS: '30' })
  await server.address()
  await expect.poll(() => left(db)).toEqual(young)
})
