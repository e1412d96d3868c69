import { expect, it, onTestFinished } from 'vitest'
import { isDatabaseAway, isLockTimeout } from '../../src/database/errors.js'
import { type Database, inTime } from '../../src/database/open.js'
import { inOneGo, inTransaction } from '../../src/database/transaction.js'
import { emptiedDatabase, openPatiently, testDatabase } from '../support/database.js'

const database = emptiedDatabase()

const owners = async ({ pool }: Database) => (await pool.query('SELECT id FROM owners')).rows.length

it('survives a connection that breaks between two statements', async () => {
  const { db } = await database()
  const work = inTransaction(db, async (client) => {
    await client.query('INSERT INTO owners (id) VALUES (1)')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    // Not `once` of node:events: it rejects at the error that comes first, before anybody waits for it.
    const ended = new Promise<void>((resolve) => client.once('end', resolve))
    await db.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await ended
    await client.query('SELECT')
  })
  await expect(work).rejects.toThrow()
  expect(await owners(db)).toBe(0)
})

it('gives up at once when it is told to, whatever the database is doing', async () => {
  const { db } = await testDatabase()
  const giveUp = new AbortController()
  const work = inTransaction(
    db,
    async (client) => {
      await client.query('INSERT INTO owners (id) VALUES (1)')
      queueMicrotask(() => giveUp.abort())
      await client.query('SELECT pg_sleep(3600)')
    },
    giveUp.signal,
  )
  await expect(work).rejects.toThrow()
  expect(await owners(db)).toBe(0)
})

it('gives up at once in the middle of statements that were sent together', async () => {
  const { db } = await testDatabase()
  const giveUp = new AbortController()
  const work = inOneGo(
    db,
    [{ text: 'INSERT INTO owners (id) VALUES (1)' }, { text: 'SELECT pg_sleep(3600)' }],
    giveUp.signal,
  )
  const rejected = expect(work).rejects.toThrow()
  setImmediate(() => giveUp.abort())
  await rejected
  expect(await owners(db)).toBe(0)
})

it('stores nothing of statements that were sent together when one fails, and says why', async () => {
  const { db } = await database()
  const insert = { text: 'INSERT INTO owners (id) VALUES (1)' }
  await expect(inOneGo(db, [insert, { text: 'SELECT 1 / 0' }, insert])).rejects.toThrow('division by zero')
  expect(await owners(db)).toBe(0)
  expect(await inOneGo(db, [insert, { text: 'SELECT 1 AS n' }])).toMatchObject([{ rowCount: 1 }, { rows: [{ n: 1 }] }])
  expect(await owners(db)).toBe(1)
  expect(db.pool.idleCount).toBe(db.pool.totalCount)
})

it('does nothing when it was told before', async () => {
  const { db } = await database()
  const work = inTransaction(db, (client) => client.query('INSERT INTO owners (id) VALUES (1)'), AbortSignal.abort())
  await expect(work).rejects.toThrow('aborted')
  expect(await owners(db)).toBe(0)
  expect(db.pool.idleCount).toBe(db.pool.totalCount)
})

/** Sessions of this database, besides the one that asks. */
const sessions = async ({ pool }: Database, condition: string) => {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
  )
  return rows[0]?.count
}

const waitForLock = `wait_event_type = 'Lock'`
const lockFirst = { text: 'SELECT FROM owners WHERE id = 1 FOR UPDATE' }

it('leaves no session that waits for a lock when a transaction is given up', async () => {
  const { db } = await database()
  await db.pool.query('INSERT INTO owners (id) VALUES (1)')
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  await holder.query('BEGIN')
  await holder.query(lockFirst)
  const giveUp = new AbortController()
  const works = [
    inOneGo(db, [lockFirst, { text: 'SELECT 1' }], giveUp.signal),
    inTransaction(db, (client) => client.query(lockFirst), giveUp.signal),
  ]
  const given = Promise.allSettled(works)
  await expect.poll(() => sessions(db, waitForLock)).toBe(2)
  giveUp.abort()
  expect((await given).map((work) => work.status === 'rejected' && work.reason)).toEqual([
    giveUp.signal.reason,
    giveUp.signal.reason,
  ])
  await expect.poll(() => sessions(db, waitForLock)).toBe(0)
})

it('leaves no session that waits for a lock when a connection is lost while it is asked', async () => {
  const { db } = await database()
  await db.pool.query('INSERT INTO owners (id) VALUES (1)')
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  await holder.query('BEGIN')
  await holder.query(lockFirst)
  const late = db.pool.query(inTime({ ...lockFirst }, 50))
  await expect(late).rejects.toThrow('Query read timeout')
  await expect.poll(() => sessions(db, waitForLock)).toBe(0)
})

it('waits for a lock no longer than the session may', async () => {
  const { db, url } = await database()
  await db.pool.query('INSERT INTO owners (id) VALUES (1)')
  const limited = openPatiently({ url, connections: 2, limits: { lockMs: 50, idleMs: 15_000 } })
  onTestFinished(() => limited.close())
  await inTransaction(db, async (client) => {
    await client.query(lockFirst)
    await expect(inTransaction(limited, (other) => other.query(lockFirst))).rejects.toSatisfy(isLockTimeout)
  })
})

it('loses its locks when it stands still between two statements, and says so', async () => {
  const { db, url } = await database()
  await db.pool.query('INSERT INTO owners (id) VALUES (1)')
  const limited = openPatiently({ url, connections: 1, limits: { lockMs: 5_000, idleMs: 50 } })
  onTestFinished(() => limited.close())
  const still = inTransaction(limited, async (client) => {
    await client.query(lockFirst)
    await inTransaction(db, (other) => other.query(lockFirst))
    await client.query('SELECT')
  })
  await expect(still).rejects.toSatisfy(
    (error: Error) => isDatabaseAway(error) && error.message.includes('idle-in-transaction timeout'),
  )
})
