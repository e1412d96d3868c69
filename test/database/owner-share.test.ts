import type { PoolClient } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { isLockTimeout } from '../../src/database/errors.js'
import type { Database } from '../../src/database/open.js'
import { readerOf, writerOf } from '../../src/database/owner-share.js'
import { inTransaction } from '../../src/database/transaction.js'
import { emptiedDatabase, openPatiently } from '../support/database.js'

/** Of four connections. */
const database = emptiedDatabase()

/** Transactions that stay open until they are let go, one by one. */
function openWork() {
  const waiting: (() => void)[] = []
  const counts = { begun: 0 }
  const work = async (client: PoolClient) => {
    await client.query('SELECT')
    counts.begun += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  return { work, counts, letGo: () => waiting.shift()?.() }
}

const busy = ({ pool }: Database) => pool.totalCount - pool.idleCount

it('lets an owner read over half of the connections, and others over the rest', async () => {
  const { db } = await database()
  const first = openWork()
  const reads = Array.from({ length: 10 }, () => inTransaction(readerOf(db, 1), first.work))
  await expect.poll(() => first.counts.begun).toBe(2)
  const others = openWork()
  const read = inTransaction(readerOf(db, 2), others.work)
  await expect.poll(() => others.counts.begun).toBe(1)
  expect(busy(db)).toBe(3)
  expect((await readerOf(db, 2).pool.query({ text: 'SELECT 1 AS n' })).rows).toEqual([{ n: 1 }])
  others.letGo()
  await read
  for (let nth = 3; nth <= 10; nth += 1) {
    first.letGo()
    await expect.poll(() => first.counts.begun).toBe(nth)
    expect(busy(db)).toBe(2)
  }
  first.letGo()
  first.letGo()
  await Promise.all(reads)
  expect(busy(db)).toBe(0)
})

it('lets an owner write one at a time in the order asked for, and another beside', async () => {
  const { db } = await database()
  const order: number[] = []
  const first = openWork()
  const writes = Array.from({ length: 5 }, (_, nth) =>
    inTransaction(writerOf(db, 1), async (client) => {
      order.push(nth)
      await first.work(client)
    }),
  )
  await expect.poll(() => first.counts.begun).toBe(1)
  await inTransaction(writerOf(db, 2), (client) => client.query('SELECT'))
  expect(busy(db)).toBe(1)
  for (let nth = 2; nth <= 5; nth += 1) {
    first.letGo()
    await expect.poll(() => first.counts.begun).toBe(nth)
  }
  first.letGo()
  await Promise.all(writes)
  expect(order).toEqual([0, 1, 2, 3, 4])
})

it('refuses all writes that wait when one of them does not get the lock, over one connection', async () => {
  const { db: holding, url } = await database()
  await holding.pool.query('INSERT INTO owners (id) VALUES (1)')
  const holder = await holding.pool.connect()
  onTestFinished(async () => {
    await holder.query('ROLLBACK')
    holder.release()
  })
  const lock = 'SELECT FROM owners WHERE id = 1 FOR NO KEY UPDATE'
  await holder.query('BEGIN')
  await holder.query(lock)
  const db = openPatiently({ url, connections: 4, limits: { lockMs: 100, idleMs: 15_000 } })
  onTestFinished(() => db.close())
  const writes = Array.from({ length: 8 }, () => inTransaction(writerOf(db, 1), (client) => client.query(lock)))
  const outcomes = await Promise.allSettled(writes)
  expect(outcomes.map((one) => one.status === 'rejected' && isLockTimeout(one.reason))).toEqual(Array(8).fill(true))
  expect(db.pool.totalCount).toBe(1)
  await holder.query('ROLLBACK')
  await inTransaction(writerOf(db, 1), (client) => client.query(lock))
})

it('gives a place back when there is no connection, and when the work fails', async () => {
  const { db } = await database()
  const { connect } = db.pool
  db.pool.connect = (() => Promise.reject(new Error('no connection'))) as typeof connect
  for (let nth = 0; nth < 5; nth += 1) {
    await expect(inTransaction(writerOf(db, 1), async () => {})).rejects.toThrow('no connection')
  }
  db.pool.connect = connect
  for (let nth = 0; nth < 5; nth += 1) {
    await expect(inTransaction(writerOf(db, 1), (client) => client.query('SELECT 1 / 0'))).rejects.toThrow('division')
  }
  await inTransaction(writerOf(db, 1), (client) => client.query('SELECT'))
})
