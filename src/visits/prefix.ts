import type { PoolClient } from 'pg'
import { anyOwner, statement } from '../database/open.js'

/** The oldest visits of a link: from its first kept one up to a number. */
export interface Prefix {
  ownerId: number | string
  linkId: number | string
  first: number
  last: number
}

/**
 * Removes the oldest visits of a link, so that the numbers of those that are left have no gap, and what webhooks were told of
 * them. Counters go on counting everything that ever happened: the link's visits, its people (`max_visits`), its recipients'.
 *
 * @param client in a transaction that holds the link's row, whose first visit is `first`
 */
export async function removePrefix(client: PoolClient, { ownerId, linkId, first, last }: Prefix): Promise<void> {
  await client.query(raiseFirst([ownerId, linkId, last]))
  await client.query(deleteVisits([ownerId, linkId, first, last]))
  await client.query(deleteDeliveries([ownerId, linkId, first, last]))
}

/** Before the rows go: the database lets nothing go that a link still counts. */
const raiseFirst = statement(`
UPDATE links l SET first_seq = $3::int8 + 1, first_human_seq = coalesce((
  SELECT max(v.human_seq) + 1 FROM visits v
  WHERE v.user_id = ${anyOwner} AND v.link_id = $2 AND v.seq BETWEEN l.first_seq AND $3::int8
), l.first_human_seq)
WHERE l.user_id = $1 AND l.id = $2`)

const deleteVisits = statement(
  `DELETE FROM visits WHERE user_id = ${anyOwner} AND link_id = $2 AND seq BETWEEN $3 AND $4`,
)

const deleteDeliveries = statement(
  `DELETE FROM webhook_deliveries WHERE user_id = ${anyOwner} AND link_id = $2 AND seq BETWEEN $3 AND $4`,
)
