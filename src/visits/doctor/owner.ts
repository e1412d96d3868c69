import type { PoolClient } from 'pg'
import { statement } from '../../database/open.js'
import { counterFinding, type Finding } from './finding.js'
import { higher } from './rows.js'

/** Compares an owner's counters with the owner's visits and links. They may be ahead, where visits or links are gone. */
export async function examineOwner(client: PoolClient, ownerId: number, repair: boolean): Promise<Finding[]> {
  const { rows } = await client.query<OwnerRow>(readOwner([ownerId]))
  const [row] = rows
  if (row === undefined) return []
  const { last_account_seq, last_link_id, last_recorded_at } = row
  const expected = {
    last_account_seq: Math.max(last_account_seq, row.highest_position ?? 0),
    last_link_id: Math.max(last_link_id, row.highest_link ?? 0),
    last_recorded_at: higher(last_recorded_at, row.latest),
  }
  const findings = counterFinding(`owner ${ownerId}`, { last_account_seq, last_link_id, last_recorded_at }, expected)
  if (repair && findings.length > 0) await client.query(repairOwner([ownerId, ...Object.values(expected)]))
  return findings
}

interface OwnerRow {
  last_account_seq: number
  last_link_id: number
  last_recorded_at: Date | null
  highest_position: number | null
  highest_link: number | null
  latest: Date | null
}

const readOwner = statement(`
SELECT o.last_account_seq::float8, o.last_link_id::float8, o.last_recorded_at,
  newest.account_seq::float8 AS highest_position, newest.recorded_at AS latest,
  (SELECT max(id)::float8 FROM links WHERE user_id = $1) AS highest_link
FROM owners o
LEFT JOIN LATERAL (
  SELECT account_seq, recorded_at FROM visits WHERE user_id = $1 ORDER BY account_seq DESC LIMIT 1
) newest ON true
WHERE o.id = $1`)

const repairOwner = statement(`
UPDATE owners SET last_account_seq = $2, last_link_id = $3, last_recorded_at = $4, revision = revision + 1
WHERE id = $1`)
