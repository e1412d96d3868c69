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
      await storeRecipients(db, scratch.ownerId, recipientsOf(rows))
      const start = performance.now()
      await withoutForeignKeys(db, () => appendFrom(db, scratch.ownerId, present, rows))
      const rate = ((rows - present) * 1000) / (performance.now() - start)
      log(`${scratch.name}: filled with ${rows - present} visits, ${Math.round(rate)} a second`)
      await db.pool.query('VACUUM (FREEZE, ANALYZE)')
    }
    const { rows: settings } = await db.pool.query<{ server_version: string }>('SHOW server_version')
    const version = settings[0]?.server_version.split(' ')[0] ?? ''
    return { ...scratch, name: `${scratch.name} ${version}`, version, db, linkId, rows, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @returns how many visits the link has already */
async function storeLink({ prisma }: Database, ownerId: number): Promise<number> {
  await prisma.owner.upsert({ where: { id: ownerId }, create: { id: ownerId }, update: {} })
  const key = { userId: ownerId, id: linkId }
  const link = await prisma.link.upsert({
    where: { userId_id: key },
    create: { ...key, longUrl: 'https://example.com/summer', token: 'summer', isAdvanced: true },
    update: {},
  })
  return Number(link.visits)
}

/** Multiplying by an odd number only permutes 32-bit numbers, so tokens differ and look unordered. */
async function storeRecipients({ pool }: Database, ownerId: number, count: number): Promise<void> {
  await pool.query(
    `WITH wanted AS (
       SELECT n, 'r' || lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') AS token
       FROM generate_series((SELECT count(*) FROM recipients) + 1, $3::bigint) n
     ),
     given AS (INSERT INTO tokens (token, user_id, link_id) SELECT token, $1, $2 FROM wanted),
     counted AS (UPDATE links SET last_recipient = $3 WHERE user_id = $1 AND id = $2)
     INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile)
     SELECT $1, $2, n, token, CASE WHEN n % 4 > 0 THEN (700000000 + n)::text END, '90' || (10000000 + n * 48271 % 89999999)
     FROM wanted`,
    [ownerId, linkId, count],
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

/** Checking every row's four references costs a third of the time; checking them all at once costs a second. */
async function withoutForeignKeys({ pool }: Database, work: () => Promise<void>): Promise<void> {
  const { rows } = await pool.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = 'visits'::regclass AND contype = 'f'`,
  )
  for (const { name } of rows) await pool.query(`ALTER TABLE visits DROP CONSTRAINT ${name}`)
  await work()
  for (const { name, definition } of rows) await pool.query(`ALTER TABLE visits ADD CONSTRAINT ${name} ${definition}`)
}
