import { expect, it } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { inOneGo, inTransaction } from '../../src/database/transaction.js'
import { emptiedDatabase, testDatabase } from '../support/database.js'

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
