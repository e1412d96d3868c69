import { expect, it } from 'vitest'
import { isDatabaseAway } from '../../src/database/errors.js'
import { asTexts } from '../../src/database/open.js'
import { Pipeline } from '../../src/database/pipeline.js'
import { emptiedDatabase } from '../support/database.js'

const database = emptiedDatabase()

const sql = (text: string) => asTexts({ text, values: [] })
const firstOf = ({ rows }: { rows: unknown[][] }) => rows[0]?.[0]

it('answers all that is sent at once over one connection, each with its own', async () => {
  const { db } = await database()
  const pipeline = new Pipeline(db)
  const sent = Array.from({ length: 50 }, (_, n) => pipeline.query(sql(`SELECT ${n}, pg_backend_pid()`)))
  const rows = (await Promise.all(sent)).map((result) => result.rows[0] ?? [])
  expect(rows.map(([n]) => Number(n))).toEqual(rows.map((_, n) => n))
  expect(new Set(rows.map(([, pid]) => pid)).size).toBe(1)
})

it('fails a statement alone', async () => {
  const { db } = await database()
  const pipeline = new Pipeline(db)
  const results = await Promise.allSettled(
    ['SELECT 1', 'SELECT 1 / 0', 'SELECT 2'].map((text) => pipeline.query(sql(text))),
  )
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

it('goes on with another connection when one broke, and gives them back', async () => {
  const { db } = await database()
  const pipeline = new Pipeline(db)
  const pid = firstOf(await pipeline.query(sql('SELECT pg_backend_pid()')))
  const broken = pipeline.query(sql(`SELECT pg_terminate_backend(pg_backend_pid())`))
  await expect(Promise.all([broken, pipeline.query(sql('SELECT 1'))])).rejects.toThrow()
  expect(firstOf(await pipeline.query(sql('SELECT pg_backend_pid()')))).not.toBe(pid)
  await expect.poll(() => db.pool.idleCount - db.pool.totalCount).toBe(0)
})

it('gives a connection up that does not answer, with all that waits on it, and goes on with another', async () => {
  const { db } = await database()
  const pipeline = new Pipeline(db, 200)
  const silent = await Promise.allSettled([pipeline.query(sql('SELECT pg_sleep(60)')), pipeline.query(sql('SELECT 1'))])
  expect(silent.map((result) => result.status === 'rejected' && isDatabaseAway(result.reason))).toEqual([true, true])
  await expect.poll(() => pipeline.query(sql('SELECT 2')).then(firstOf)).toBe('2')
  await expect.poll(() => db.pool.idleCount - db.pool.totalCount).toBe(0)
})

it('fails what waits for a connection when there is none, and tries again for the next', async () => {
  const { db } = await database()
  const pipeline = new Pipeline(db)
  const connect = db.pool.connect
  db.pool.connect = (() => Promise.reject(new Error('no connection'))) as typeof connect
  const failed = await Promise.allSettled([pipeline.query(sql('SELECT 1')), pipeline.query(sql('SELECT 2'))])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  db.pool.connect = connect
  expect(firstOf(await pipeline.query(sql('SELECT 3')))).toBe('3')
})
