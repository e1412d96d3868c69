import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { openDatabase } from '../../src/database/open.js'
import type { Finding } from '../../src/visits/doctor/finding.js'
import { examineLog } from '../../src/visits/doctor.js'
import { storeLinks } from '../support/visits.js'

/** Of two owners: one hot link and some others. */
export const tokens = ['link1x20', 'link1x20', 'link1x20', 'link1x21', 'link1x22', 'link2x30', 'link2x31']

export async function storeTokens(url: string): Promise<void> {
  const db = openDatabase({ url, connections: 2 })
  await storeLinks(db, 1, 20, 21, 22)
  await storeLinks(db, 2, 30, 31)
  await db.pool.query('UPDATE owners SET last_link_id = 31')
  await db.close()
}

/** Every answered click is stored, none twice, and each link's numbers are 1, 2, 3 … without a gap. */
export async function expectKept(url: string, answered: Set<string>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ query: string; times: number }>(
      'SELECT query_string AS query, count(*)::int AS times FROM visits GROUP BY query_string',
    )
    const stored = new Set(rows.map(({ query }) => query))
    expect([...answered].filter((query) => !stored.has(query))).toEqual([])
    expect(rows.filter(({ times }) => times > 1)).toEqual([])
    const { rows: uneven } = await client.query(
      `SELECT l.id FROM links l LEFT JOIN LATERAL (
         SELECT count(*) AS number, count(human_seq) AS humans, coalesce(max(seq), 0) AS last,
           coalesce(max(human_seq), 0) AS last_human
         FROM visits v WHERE v.user_id = l.user_id AND v.link_id = l.id
       ) v ON true
       WHERE (l.visits, l.visits, l.human_visits, l.human_visits) <> (v.number, v.last, v.humans, v.last_human)`,
    )
    expect(uneven).toEqual([])
  } finally {
    await client.end()
  }
}

/** Ids of an owner's visits, in the order of the account and by link. */
export async function storedLog(url: string, ownerId: number): Promise<{ id: string; link: number }[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client
    .query<{ id: string; link: number }>(
      'SELECT id, link_id::int AS link FROM visits WHERE user_id = $1 ORDER BY account_seq',
      [ownerId],
    )
    .finally(() => client.end())
  return rows
}

/** What `smart-link doctor` compares: counters, sequences and statistics are what the rows say. */
export async function expectNoFindings(url: string): Promise<void> {
  const db = openDatabase({ url, connections: 2 })
  const found: Finding[] = []
  const report = (finding: Finding) => found.push(finding)
  await examineLog(db, { repair: false, report, signal: new AbortController().signal }).finally(() => db.close())
  expect(found).toEqual([])
}

/** Waits until nothing is left in the spool. */
export async function expectReplayed(dataDir: string): Promise<void> {
  const left = async () => {
    const names = await readdir(join(dataDir, 'spool'), { recursive: true })
    return names.filter((name) => name.endsWith('.spool') || name.endsWith('.bad'))
  }
  await expect.poll(left, { interval: 50 }).toEqual([])
}
