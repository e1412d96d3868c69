import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { examineLog } from '../../../src/visits/doctor.js'
import type { Mix } from './mix.js'

/** What is there when everything that was begun has come to its end, or has had two minutes for it. */
export interface Settled {
  redirected: number
  stored: number
  /** Of all the account's visits. */
  followed: { count: number; isTheLog: boolean }
  told: { visits: number; missing: number; again: number }
  findings: string[]
}

const patienceMs = 120_000

/** Waits until spool, follower and webhooks have caught up, then looks. */
export async function settle(mix: Mix): Promise<Settled> {
  const { database, follower, receiver, redirected } = mix
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const [all, told] = [await countVisits(mix, null), await countVisits(mix, mix.toldLinks)]
    const isStored = all >= database.rows + redirected()
    if ((isStored && follower.count() >= all && receiver.ids.size >= told) || Date.now() > giveUpAt) break
    await wait(500)
  }
  const { count, digest } = await hashLog(mix)
  const told = await idsOf(mix, mix.toldLinks)
  return {
    redirected: redirected(),
    stored: count - database.rows,
    followed: { count: follower.count(), isTheLog: follower.count() === count && follower.digest() === digest },
    told: {
      visits: told.length,
      missing: told.filter((id) => !receiver.ids.has(id)).length,
      again: receiver.requests() - receiver.ids.size,
    },
    findings: await findingsOf(mix),
  }
}

async function countVisits({ database: { db, ownerId } }: Mix, links: number[] | null): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `SELECT coalesce(sum(visits), 0)::float8 AS count FROM links
     WHERE user_id = $1 AND ($2::int8[] IS NULL OR id = ANY ($2))`,
    [ownerId, links],
  )
  return rows[0]?.count ?? 0
}

/** Of the rows, not the counters, in the order of the account. */
async function hashLog({ database: { db, ownerId } }: Mix): Promise<{ count: number; digest: string }> {
  const hash = createHash('sha256')
  let count = 0
  for (let last = 0; ; ) {
    const { rows } = await db.pool.query<{ id: string; seq: number }>(
      `SELECT id, account_seq::float8 AS seq FROM visits WHERE user_id = $1 AND account_seq > $2
       ORDER BY account_seq LIMIT 20000`,
      [ownerId, last],
    )
    for (const { id, seq } of rows) {
      hash.update(id)
      last = seq
    }
    count += rows.length
    if (rows.length === 0) return { count, digest: hash.digest('hex') }
  }
}

async function idsOf({ database: { db, ownerId } }: Mix, links: number[]): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    'SELECT id FROM visits WHERE user_id = $1 AND link_id = ANY ($2::int8[])',
    [ownerId, links],
  )
  return rows.map(({ id }) => id)
}

async function findingsOf({ database: { db } }: Mix): Promise<string[]> {
  const findings: string[] = []
  await examineLog(db, {
    repair: false,
    report: ({ where, problem }) => findings.push(`${where}: ${problem}`),
    signal: new AbortController().signal,
  })
  return findings
}
