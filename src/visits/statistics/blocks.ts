import type { PoolClient } from 'pg'
import { isLockTimeout } from '../../database/errors.js'
import { type Database, statement } from '../../database/open.js'
import { inTransaction } from '../../database/transaction.js'
import { type Block, type BlockSummary, type StoredPart, storedParts } from './block.js'
import type { LogVersion, StatisticsSource } from './source.js'

/** What a block is without its parts. */
export interface StoredSummary {
  first: number
  summary: BlockSummary
}

/**
 * Whole blocks of a log between two positions, in their order. Those without suspects were made by a server that does not know of
 * them, and count for nothing.
 */
export async function readSummaries(
  client: PoolClient,
  { ownerId, linkId }: StatisticsSource,
  low: number,
  high: number,
): Promise<StoredSummary[]> {
  const { rows } = await client.query<StoredSummary>(selectSummaries([ownerId, linkId ?? 0, low, high]))
  return rows
}

const selectSummaries = statement(`
SELECT first::float8, summary FROM visit_blocks
WHERE user_id = $1 AND link_id = $2 AND first >= $3 AND last <= $4 AND suspects IS NOT NULL ORDER BY first`)

/** Parts of some blocks, by the blocks' first positions. */
export async function readParts(
  client: PoolClient,
  { ownerId, linkId }: StatisticsSource,
  firsts: number[],
  parts: StoredPart[],
): Promise<Map<number, Partial<Record<StoredPart, Buffer>>>> {
  const { rows } = await client.query<Record<string, string>>(selectParts(parts)([ownerId, linkId ?? 0, firsts]))
  return new Map(
    rows.map(({ first, ...texts }) => [
      Number(first),
      Object.fromEntries(Object.entries(texts).map(([part, text]) => [part, Buffer.from(text, 'base64')])),
    ]),
  )
}

/** As base64 without its line breaks: pg reads the text of a bytea, which is hexadecimal, at a third of the rate. */
const selectParts = (parts: StoredPart[]) =>
  statement(`
SELECT first, ${parts.map((part) => `translate(encode(${part}, 'base64'), E'\\n', '') AS ${part}`).join(', ')}
FROM visit_blocks WHERE user_id = $1 AND link_id = $2 AND first = ANY ($3::int8[])`)

/**
 * A transaction that never makes anybody wait who changes visits: blocks can be made later as well.
 *
 * @returns null when it was given up for that
 */
export async function withoutWaiting<T>(db: Database, work: (client: PoolClient) => Promise<T>): Promise<T | null> {
  const working = inTransaction(db, async (client) => {
    await client.query('SET LOCAL lock_timeout = 200')
    return work(client)
  })
  return working.catch((error: unknown) => {
    if (isLockTimeout(error)) return null
    throw error
  })
}

/** A block that was just made of a log. */
export interface MadeBlock extends Block {
  last: number
}

/**
 * Keeps blocks that were made of a log, unless it has changed since. Those of another epoch are made of visits that may be gone:
 * what a server has in memory does not get into a log that took the place of the one it read. Blocks that are in the database
 * came there with the visits that they are made of, also by a replica or a backup.
 *
 * @param version as it was before what the blocks are made of was read
 * @returns whether they are kept
 */
export async function saveBlocks(
  client: PoolClient,
  { ownerId, linkId }: StatisticsSource,
  { changes, epoch }: LogVersion,
  blocks: MadeBlock[],
): Promise<boolean> {
  const key = [ownerId, linkId ?? 0]
  await client.query(addCounters(key))
  const current = await client.query<{ id: number }>(lockEpoch([]))
  if ((current.rows[0]?.id ?? 0) !== epoch) return false
  const { rows } = await client.query<{ changes: number }>(lockCounters(key))
  if (rows[0]?.changes !== changes) return false
  for (const { first, last, summary, parts } of blocks) {
    await client.query(insertBlock([...key, first, last, summary, ...storedParts.map((part) => parts[part])]))
  }
  return true
}

const lockEpoch = statement('SELECT id::float8 FROM log_epochs WHERE ended_at IS NULL FOR SHARE')

/** So that there is something to lock. */
const addCounters = statement('INSERT INTO log_changes VALUES ($1, $2, 0), ($1, -1, 0) ON CONFLICT DO NOTHING')

/** Held by whoever changes visits until that is committed; only then does this go on, and sees it. */
const lockCounters = statement(`
SELECT sum(count)::float8 AS changes FROM (
  SELECT count FROM log_changes WHERE user_id = $1 AND link_id IN ($2, -1) FOR SHARE
) locked`)

const insertBlock = statement(`
INSERT INTO visit_blocks (user_id, link_id, first, last, summary, ${storedParts.join(', ')})
VALUES (${Array.from({ length: 5 + storedParts.length }, (_, at) => `$${at + 1}`).join(', ')})
ON CONFLICT (user_id, link_id, first) DO UPDATE SET
  (summary, ${storedParts.join(', ')}) = (excluded.summary, ${storedParts.map((part) => `excluded.${part}`).join(', ')})
WHERE visit_blocks.suspects IS NULL`)
