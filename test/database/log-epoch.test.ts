import { expect, it, onTestFinished } from 'vitest'
import { renewEpoch } from '../../src/database/log-epoch.js'
import { openNotifications } from '../../src/database/notifications.js'
import type { Database } from '../../src/database/open.js'
import { inTransaction } from '../../src/database/transaction.js'
import { emptiedDatabase, openPatiently } from '../support/database.js'
import { storeLinks } from '../support/visits.js'

const database = emptiedDatabase()

interface Epoch {
  number: number
  id: string
  is_current: boolean
}

async function epochs({ pool }: Database): Promise<Epoch[]> {
  const { rows } = await pool.query<Epoch>(
    'SELECT number, id, ended_at IS NULL AS is_current FROM log_epochs ORDER BY number',
  )
  return rows
}

/** One more process on the database. */
function another(url: string): Database {
  const db = openPatiently({ url, connections: 4 })
  onTestFinished(() => db.close())
  return db
}

it('one epoch begins with the first of many connections', async () => {
  const { db, url } = await database()
  const others = [another(url), another(url), another(url)]
  await Promise.all(others.flatMap(({ pool }) => [1, 2, 3].map(() => pool.query('SELECT pg_sleep(0.01)'))))
  expect(await epochs(db)).toEqual([{ number: 1, id: expect.any(String), is_current: true }])
})

it.each([
  ['of another cluster', "system = 'x'"],
  ['on another timeline', 'timeline = timeline + 1'],
  ['another one of the cluster', 'database = database + 1'],
])('a new epoch begins once when the database is %s, with how far each log reached', async (_, before) => {
  const { db, url } = await database()
  await storeLinks(db, 1, 1)
  await storeLinks(db, 2, 1)
  await db.pool.query('UPDATE owners SET (last_account_seq, last_erased) = (id * 10, id)')
  const [first] = await epochs(db)
  await db.pool.query(`UPDATE log_epochs SET ${before}`)
  const others = [another(url), another(url), another(url)]
  await Promise.all(others.map(({ pool }) => pool.query('SELECT')))
  const found = await epochs(db)
  expect(found.map(({ number, is_current }) => [number, is_current])).toEqual([
    [1, false],
    [2, true],
  ])
  expect(found[1]?.id).not.toBe(first?.id)
  const { rows } = await db.pool.query(
    'SELECT user_id::int, number, account_seq::int, last_erased::int FROM log_epoch_starts ORDER BY 1',
  )
  expect(rows).toEqual([
    { user_id: 1, number: 2, account_seq: 10, last_erased: 1 },
    { user_id: 2, number: 2, account_seq: 20, last_erased: 2 },
  ])
})

it('a new epoch is said to every process, which believes nothing then that it has heard', async () => {
  const { db, url } = await database()
  const notifications = openNotifications(url)
  onTestFinished(() => notifications.close())
  await new Promise<void>((resolve) => {
    const stop = notifications.subscribe('visits', () => {
      if (!notifications.isListening()) return
      stop()
      resolve()
    })
  })
  const heard = Promise.all(
    (['tokens', 'access_tokens', 'visits'] as const).map((channel) => {
      return new Promise((resolve) => notifications.subscribe(channel, resolve))
    }),
  )
  await inTransaction(db, renewEpoch)
  expect(await heard).toEqual([null, null, null])
})

it('the connection that listens notices another database too, as those of a pooler stay', async () => {
  const { db, url } = await database()
  await db.pool.query("UPDATE log_epochs SET system = 'x'")
  const notifications = openNotifications(url)
  onTestFinished(() => notifications.close())
  await expect.poll(async () => (await epochs(db)).length).toBe(2)
})
