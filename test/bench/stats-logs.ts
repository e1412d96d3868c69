import type { Database } from '../../src/database/open.js'
import { chunkSize } from '../../src/visits/statistics/chunk.js'
import { findMissing, makeBlock } from '../../src/visits/statistics/missing-blocks.js'
import type { FilledDatabase } from './fill.js'

/** When the first visit of the copies came; the last came as long ago as `years` say. */
export const firstVisit = new Date('2023-08-01T00:00:00Z')
const years = 3
export const lastVisit = new Date(firstVisit.getTime() + years * 365 * 86_400_000)

/** A log that statistics are asked of. */
export interface StatisticsLog {
  ownerId: number
  /** null: of the account. */
  linkId: number | null
  /** Links that have its visits. */
  links: number
}

/**
 * Copies of a filled database's link, made by SQL for owners of their own: its visits spread over three years, which is what
 * statistics of so many visits are asked about.
 */
export async function spreadLogs(database: FilledDatabase): Promise<{ link: StatisticsLog; account: StatisticsLog }> {
  const link = { ownerId: database.ownerId + 200, linkId: database.linkId, links: 1 }
  const account = { ownerId: database.ownerId + 300, linkId: null, links: 1_000 }
  await copyOnce(database, link)
  await copyOnce(database, account)
  for (const ownerId of [database.ownerId, link.ownerId, account.ownerId]) await makeMissing(database.db, ownerId)
  return { link, account }
}

/** All blocks of an owner's logs that a server would make in its own time. */
export async function makeMissing(db: Database, ownerId: number): Promise<void> {
  for (;;) {
    const missing = await findMissing(db, ownerId, chunkSize)
    for (const block of missing) await makeBlock(db, block)
    if (missing.length === 0) return
  }
}

async function copyOnce({ db, ownerId, linkId, rows }: FilledDatabase, copy: StatisticsLog): Promise<void> {
  const known = await db.pool.query('SELECT last_account_seq::float8 AS last FROM owners WHERE id = $1', [copy.ownerId])
  // Measurements add a few visits.
  if (known.rows[0]?.last >= rows) return
  if (known.rows.length > 0) throw new Error(`owner ${copy.ownerId} has other visits: keep under a new name`)
  const client = await db.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO owners (id, last_account_seq) VALUES ($1::int8, $2)', [copy.ownerId, rows])
    for (const table of ['user_agents', 'places']) await client.query(copyTable(table), [copy.ownerId, ownerId])
    await client.query(copyLinks, [copy.ownerId, ownerId, linkId, copy.links])
    // Of a thousand links each has its own recipients in life; here none has any.
    if (copy.links === 1) for (const sql of copyRecipients) await client.query(sql, [copy.ownerId, ownerId, linkId])
    const span = [firstVisit, (lastVisit.getTime() - firstVisit.getTime()) / rows]
    await client.query(copyVisits, [copy.ownerId, ownerId, linkId, copy.links, ...span, rows])
    await client.query('COMMIT')
  } finally {
    client.release()
  }
  await db.pool.query('VACUUM (FREEZE, ANALYZE)')
}

const copyTable = (table: string) => `
INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object('user_id', $1::int8))).* FROM ${table} t WHERE user_id = $2`

const copyLinks = `
INSERT INTO links (user_id, id, title, long_url, token, last_recipient)
SELECT $1::int8, $3::int8 + n, 'Campaign ' || n, long_url, 'spread' || $1::int8 || 'n' || n, CASE $4::int8 WHEN 1 THEN last_recipient ELSE 0 END
FROM links, generate_series(0, $4::int8 - 1) n WHERE user_id = $2 AND id = $3`

const copyRecipients = [
  `INSERT INTO tokens (token, user_id, link_id)
   SELECT 'y' || token, $1::int8, link_id FROM recipients WHERE user_id = $2 AND link_id = $3`,
  `INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile)
   SELECT $1::int8, link_id, id, 'y' || token, message_id, mobile FROM recipients WHERE user_id = $2 AND link_id = $3`,
]

/** Links take turns. One statement, after which positions must be dense. */
const copyVisits = `
WITH copied AS (
  INSERT INTO visits
  SELECT $1::int8, v.link_id + (v.seq - 1) % $4::int8, (v.seq - 1) / $4::int8 + 1, v.seq,
    CASE WHEN v.human_seq IS NOT NULL THEN
      row_number() OVER (PARTITION BY (v.seq - 1) % $4::int8, v.human_seq IS NULL ORDER BY v.seq)
    END,
    v.user_agent_id, v.place_id, CASE $4::int8 WHEN 1 THEN v.recipient_id END,
    $5::timestamptz + (v.seq * $6::float8 + abs(hashint8(v.seq)) % 5000) * interval '1 ms',
    v.recorded_at, v.id, NULL, v.client_ip, v.scheme, v.host, v.query_string, v.browser_lang, v.resolution, v.options
  FROM visits v WHERE v.user_id = $2 AND v.link_id = $3 AND v.seq <= $7 ORDER BY v.seq
  RETURNING link_id, human_seq, recipient_id
)
UPDATE links l SET visits = v.visits, human_visits = v.people, reached = v.reached
FROM (
  SELECT link_id, count(*) AS visits, count(human_seq) AS people,
    count(DISTINCT recipient_id) FILTER (WHERE human_seq IS NOT NULL) AS reached
  FROM copied GROUP BY link_id
) v
WHERE l.user_id = $1::int8 AND l.id = v.link_id`
