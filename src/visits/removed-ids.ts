import type { PoolClient } from 'pg'
import { anyOwner, statement } from '../database/open.js'
import type { Prefix } from './prefix.js'

/**
 * Notes the ids of visits that are removed for their age: counters go on counting them, so an import that brings them once more must not
 * count them again. By the hours of the visits, some 16 bytes each: a row with an index entry for each would be six times as much.
 *
 * @param client in the transaction that removes them
 */
export async function noteRemoved(client: PoolClient, { ownerId, linkId, first, last }: Prefix): Promise<void> {
  await client.query(insertIds([ownerId, linkId, first, last]))
}

/** Those of some visits that were removed for their age, by id, whatever link they were of. */
export async function removedAmong(
  client: PoolClient,
  ownerId: number,
  visits: { id: string; createdAt: Date }[],
): Promise<string[]> {
  const values = [ownerId, visits.map(({ id }) => id), visits.map(({ createdAt }) => createdAt)]
  const { rows } = await client.query<{ id: string }>(selectIds(values))
  return rows.map(({ id }) => id)
}

/** When a link and all that was kept of it goes. Its visits are refused by then. */
export const forgetRemoved = statement('DELETE FROM removed_visits WHERE user_id = $1 AND link_id = $2')

const hourOf = (time: string) => `date_trunc('hour', ${time}, 'UTC')`

const insertIds = statement(`
INSERT INTO removed_visits (user_id, hour, link_id, first_seq, ids)
SELECT $1, ${hourOf('created_at')}, $2::int8, $3::int8, array_agg(id) FROM visits
WHERE user_id = ${anyOwner} AND link_id = $2 AND seq BETWEEN $3 AND $4
GROUP BY ${hourOf('created_at')}`)

/** An hour of local time that clocks went through twice may be read as the other one. */
const selectIds = statement(`
SELECT t.id::text FROM unnest($2::uuid[]) AS t (id)
WHERE EXISTS (SELECT FROM removed_visits WHERE user_id = $1) AND t.id IN (
  SELECT unnest(r.ids)
  FROM (
    SELECT DISTINCT ${hourOf('at')} + nth * interval '1 hour' AS hour
    FROM unnest($3::timestamptz[]) AS at, generate_series(-1, 1) AS nth
  ) hours
  JOIN LATERAL (
    SELECT ids FROM removed_visits WHERE removed_visits.user_id = $1 AND removed_visits.hour = hours.hour OFFSET 0
  ) r ON true
)`)
