import { type Database, openDatabase } from '../../src/database/open.js'
import { appendVisits } from '../../src/visits/append.js'
import type { ScratchDatabase } from './scratch.js'
import { openTraffic, recipientsOf } from './traffic.js'

export interface FilledDatabase {
  /** Such as `embedded 18.4`. */
  name: string
  version: string
  db: Database
  url: string
  env: Record<string, string>
  ownerId: number
  linkId: number
  rows: number
  close(): Promise<void>
}

const linkId = 20
const batchRows = 2_000
/** Stored one by one, as the server does it; what goes beyond is copies of these, or it would take most of an hour. */
const mostAppended = 1_000_000

/**
 * A link with `rows` visits, stored the way the server stores them. A kept database that holds fewer is grown.
 *
 * @throws when a kept database holds more
 */
export async function fill(
  scratch: ScratchDatabase,
  rows: number,
  log: (line: string) => void,
): Promise<FilledDatabase> {
  const db = openDatabase({ url: scratch.url, connections: 4 })
  const close = () => db.close().finally(() => scratch.close())
  try {
    const present = await storeLink(db, scratch.ownerId)
    if (present > rows) throw new Error(`the kept ${scratch.name} database has ${present} visits, not ${rows}`)
    if (present < rows) {
      await storeRecipients(db, scratch.ownerId, 'r', recipientsOf(rows))
      const start = performance.now()
      await appendFrom(db, scratch.ownerId, present, Math.min(rows, mostAppended))
      for (let copied = Math.max(present, mostAppended); copied < rows; copied += mostAppended) {
        await copyVisits(db, scratch.ownerId, Math.min(mostAppended, rows - copied))
      }
      const rate = ((rows - present) * 1000) / (performance.now() - start)
      log(`${scratch.name}: filled with ${rows - present} visits, ${Math.round(rate)} a second`)
      await db.pool.query('VACUUM (FREEZE, ANALYZE)')
    }
    const { rows: settings } = await db.pool.query<{ version: string; autovacuum: string }>(
      "SELECT current_setting('server_version') AS version, current_setting('autovacuum') AS autovacuum",
    )
    const version = settings[0]?.version.split(' ')[0] ?? ''
    const name = `${scratch.name} ${version}${settings[0]?.autovacuum === 'off' ? ' without autovacuum' : ''}`
    return { ...scratch, name, version, db, linkId, rows, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Another owner's link on the same database, with fewer visits: what is alike but for the length of the log. */
export async function fillShorter({ db, ownerId }: FilledDatabase, rows: number): Promise<{ ownerId: number }> {
  const other = ownerId + 100
  const present = await storeLink(db, other)
  await storeRecipients(db, other, 's', recipientsOf(rows))
  await appendFrom(db, other, present, rows)
  return { ownerId: other }
}

/** @returns how many visits the link has already */
async function storeLink({ prisma }: Database, ownerId: number): Promise<number> {
  await prisma.owner.upsert({ where: { id: ownerId }, create: { id: ownerId }, update: {} })
  const key = { userId: ownerId, id: linkId }
  const link = await prisma.link.upsert({
    where: { userId_id: key },
    create: { ...key, longUrl: 'https://example.com/summer', token: `summer${ownerId}`, isAdvanced: true },
    update: {},
  })
  return Number(link.visits)
}

/** Multiplying by an odd number only permutes 32-bit numbers, so tokens differ and look unordered. */
async function storeRecipients({ pool }: Database, ownerId: number, prefix: string, count: number): Promise<void> {
  await pool.query(
    `WITH wanted AS (
       SELECT n, $4 || lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') AS token
       FROM generate_series((SELECT count(*) FROM recipients WHERE user_id = $1) + 1, $3::bigint) n
     ),
     given AS (INSERT INTO tokens (token, user_id, link_id) SELECT token, $1, $2 FROM wanted),
     counted AS (UPDATE links SET last_recipient = $3 WHERE user_id = $1 AND id = $2)
     INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile)
     SELECT $1, $2, n, token, CASE WHEN n % 4 > 0 THEN (700000000 + n)::text END, '90' || (10000000 + n * 48271 % 89999999)
     FROM wanted`,
    [ownerId, linkId, count, prefix],
  )
}

/** The next batch is made while PostgreSQL stores the one before. */
async function appendFrom(db: Database, ownerId: number, from: number, to: number): Promise<void> {
  const visitAt = await openTraffic(linkId, recipientsOf(to))
  let storing: Promise<unknown> = Promise.resolve()
  for (let at = from; at < to; at += batchRows) {
    const batch = Array.from({ length: Math.min(batchRows, to - at) }, (_, n) => visitAt(at + n))
    await storing
    storing = appendVisits(db, ownerId, batch)
    storing.catch(() => {})
  }
  await storing
}

/** Appends copies of a link's first visits, with ids of their own. */
async function copyVisits({ pool }: Database, ownerId: number, count: number): Promise<void> {
  await pool.query(
    `WITH link AS (SELECT visits, human_visits FROM links WHERE user_id = $1 AND id = $2),
     owner AS (SELECT last_account_seq FROM owners WHERE id = $1),
     copied AS (
       INSERT INTO visits
       SELECT v.user_id, v.link_id, link.visits + v.seq, owner.last_account_seq + v.seq, link.human_visits + v.human_seq,
         v.user_agent_id, v.place_id, v.recipient_id, v.created_at + link.visits * interval '1 second', v.recorded_at,
         overlay(v.id::text placing lpad(to_hex(link.visits / $3 % 65536), 4, '0') from 20 for 4)::uuid,
         NULL, v.client_ip, v.scheme, v.host, v.query_string, v.browser_lang, v.resolution, v.options
       FROM visits v, link, owner WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq <= $3 ORDER BY v.seq
       RETURNING human_seq
     ),
     raised AS (UPDATE owners SET last_account_seq = last_account_seq + $3 WHERE id = $1)
     UPDATE links SET visits = visits + $3, human_visits = human_visits + (SELECT count(human_seq) FROM copied)
     WHERE user_id = $1 AND id = $2`,
    [ownerId, linkId, count],
  )
}
