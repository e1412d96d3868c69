import { setImmediate as afterOthers } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { type Database, statement } from '../../database/open.js'
import { blockOf } from './block.js'
import { type MadeBlock, saveBlocks, withoutWaiting } from './blocks.js'
import { GrowingChunk } from './chunk.js'
import { LogRows } from './log-rows.js'
import { readVersion, type StatisticsSource } from './source.js'

/** A block that could be made: all positions have been given that it is about. */
export interface MissingBlock {
  source: StatisticsSource
  first: number
  last: number
}

/** Some blocks that logs of an owner lack, the oldest of each log first. */
export async function findMissing(db: Database, ownerId: number, size: number): Promise<MissingBlock[]> {
  const { rows } = await db.pool.query<{ link: number; first: number }>(selectMissing([ownerId, size]))
  return rows.map(({ link, first }) => {
    return { source: { ownerId, linkId: link === 0 ? null : link }, first, last: first + size - 1 }
  })
}

/** Makes a block of the log and keeps it. @returns false when somebody else is at it, or has changed the log meanwhile */
export async function makeBlock(db: Database, { source, first, last }: MissingBlock): Promise<boolean> {
  const { ownerId, linkId } = source
  const isMade = await withoutWaiting(db, async (client) => {
    const { rows } = await client.query<{ is_mine: boolean }>(claim([ownerId, linkId ?? 0, first]))
    if (rows[0]?.is_mine !== true) return false
    const version = await readVersion(client, source)
    return saveBlocks(client, source, version, [await blockOfLog(client, source, first, last)])
  })
  return isMade ?? false
}

/** Visits read at once: two milliseconds of this process, in which no click is answered. All of a block would be dozens. */
const mostRead = 256

/** What a block should be. */
export async function blockOfLog(
  client: PoolClient,
  source: StatisticsSource,
  first: number,
  last: number,
): Promise<MadeBlock> {
  const log = new LogRows()
  const chunk = new GrowingChunk(first)
  for (let low = first; low <= last; low += mostRead) {
    for (const visit of await log.read(client, source, low, Math.min(low + mostRead - 1, last))) chunk.add(visit)
    await afterOthers()
  }
  return { ...blockOf(chunk, log.numbers), last }
}

/** Where a link is still as long as no block, it is not looked for. */
const selectMissing = statement(`
SELECT l.link_id::float8 AS link, missing.first::float8
FROM (
  SELECT 0 AS link_id, last_account_seq AS last, (
    SELECT account_seq FROM visits WHERE user_id = $1 ORDER BY account_seq LIMIT 1
  ) AS first
  FROM owners WHERE id = $1
  UNION ALL
  SELECT id, visits, first_seq FROM links WHERE user_id = $1 AND deleted_at IS NULL AND visits >= $2 AND first_seq <= visits
) l
CROSS JOIN LATERAL (SELECT (l.first - 1) / $2::int8 * $2 + 1 AS low, l.last / $2::int8 * $2 AS high) whole
CROSS JOIN LATERAL (
  SELECT generate_series(low, high, $2) AS first
  EXCEPT SELECT first FROM visit_blocks WHERE user_id = $1 AND link_id = l.link_id AND suspects IS NOT NULL
  ORDER BY first LIMIT 16
) missing
WHERE low < high AND (high - low + 1) / $2 > (
  SELECT count(*) FROM visit_blocks
  WHERE user_id = $1 AND link_id = l.link_id AND last <= high AND suspects IS NOT NULL
)`)

/** Only one process makes it, and only when no other has meanwhile. */
const claim = statement(`
SELECT pg_try_advisory_xact_lock(hashtextextended('visit_blocks ' || $1::int8 || ' ' || $2::int8 || ' ' || $3::int8, 0))
  AND NOT EXISTS (
    SELECT FROM visit_blocks WHERE user_id = $1 AND link_id = $2 AND first = $3 AND suspects IS NOT NULL
  ) AS is_mine`)
