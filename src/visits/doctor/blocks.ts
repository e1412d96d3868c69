import type { PoolClient } from 'pg'
import { statement } from '../../database/open.js'
import { storedParts } from '../statistics/block.js'
import { readParts, readSummaries } from '../statistics/blocks.js'
import { blockOfLog } from '../statistics/missing-blocks.js'
import type { StatisticsSource } from '../statistics/source.js'
import type { Finding } from './finding.js'

/**
 * Compares the blocks that statistics of a log are made of with its visits.
 *
 * @param repair removes those that are wrong: they are made anew when they are asked for
 */
export async function examineBlocks(client: PoolClient, source: StatisticsSource, repair: boolean): Promise<Finding[]> {
  const { ownerId, linkId } = source
  const wrong: number[] = []
  for (let low = 1; ; ) {
    const { rows } = await client.query<Range>(nextBlock([ownerId, linkId ?? 0, low]))
    const [range] = rows
    if (range === undefined) break
    if (!(await isRight(client, source, range))) wrong.push(range.first)
    low = range.last + 1
  }
  if (wrong.length === 0) return []
  if (repair) await client.query(removeBlocks([ownerId, linkId ?? 0, wrong]))
  const where = linkId === null ? `owner ${ownerId}` : `link ${linkId} of owner ${ownerId}`
  const problem = `${wrong.length} blocks of statistics are not what the visits say, the first at ${wrong[0]}`
  return [{ where, problem, isRepairable: true }]
}

interface Range {
  first: number
  last: number
}

async function isRight(client: PoolClient, source: StatisticsSource, { first, last }: Range): Promise<boolean> {
  const [stored] = await readSummaries(client, source, first, last)
  const parts = (await readParts(client, source, [first], [...storedParts])).get(first)
  const right = await blockOfLog(client, source, first, last)
  const isSame = storedParts.every((part) => parts?.[part]?.equals(right.parts[part]))
  return isSame && JSON.stringify(stored?.summary) === JSON.stringify(right.summary)
}

const nextBlock = statement(`
SELECT first::float8, last::float8 FROM visit_blocks
WHERE user_id = $1 AND link_id = $2 AND visit_blocks.first >= $3 AND suspects IS NOT NULL ORDER BY visit_blocks.first LIMIT 1`)

/** Whoever has them in memory must not go on with them. */
const removeBlocks = statement(`
WITH counted AS (
  INSERT INTO log_changes VALUES ($1, $2, 1)
  ON CONFLICT (user_id, link_id) DO UPDATE SET count = log_changes.count + 1
)
DELETE FROM visit_blocks WHERE user_id = $1 AND link_id = $2 AND first = ANY ($3::int8[])`)
