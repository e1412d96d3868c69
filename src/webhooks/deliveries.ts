import type { PoolClient } from 'pg'
import { lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { notFound } from '../http/errors.js'
import { type DeliveryRow, deliveryColumns } from './resource.js'

export interface DeliverySlice {
  items: DeliveryRow[]
  /** Where the next slice begins; null: there is none. */
  cursor: string | null
}

/**
 * Deliveries of a webhook, newest first. Not counted: there may be as many as visits.
 *
 * @param after id of the last one that is not to be shown again
 */
export async function sliceOfDeliveries(
  db: Database,
  ownerId: number,
  webhookId: string,
  { state, after, most }: { state: string | null; after: string | null; most: number },
): Promise<DeliverySlice> {
  const list = state === null ? ofAnyState : ofState
  const values = [ownerId, webhookId, after ?? lastId, most + 1, ...(state === null ? [] : [state])]
  const { rows } = await db.pool.query<DeliveryRow>(list(values))
  const items = rows.slice(0, most)
  return { items, cursor: rows.length > most ? (items.at(-1)?.id ?? null) : null }
}

/**
 * Makes a delivery again that was given up, or made. One that is pending is tried at once.
 *
 * @throws HttpError 404 for a missing delivery and for one of somebody else
 */
export async function replayDelivery(db: Database, ownerId: number, webhookId: string, id: string): Promise<void> {
  await inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    const { rows } = await client.query<Replayed>(replayOne([ownerId, webhookId, id]))
    if (rows.length === 0) throw notFound()
    await openLanes(client, ownerId, rows)
  })
}

/** A few dozen milliseconds of work. */
const rowsOfStep = 2000

/**
 * Makes all deliveries again that were given up, step by step: visits that are recorded meanwhile wait for a step only.
 *
 * @returns how many there are
 */
export async function replayParked(db: Database, ownerId: number, webhookId: string): Promise<number> {
  let replayed = 0
  // What fails once more is given up again, behind this: each is replayed once.
  for (let after: string | null = firstId; after !== null; ) {
    const step: Replayed[] = await inTransaction(writerOf(db, ownerId), async (client) => {
      await client.query(lockOwner([ownerId]))
      const { rows } = await client.query<Replayed>(replaySome([ownerId, webhookId, after, rowsOfStep]))
      await openLanes(client, ownerId, rows)
      return rows
    })
    replayed += step.length
    const last = step
      .map(({ id }) => id)
      .sort()
      .at(-1)
    after = step.length < rowsOfStep ? null : (last ?? null)
  }
  return replayed
}

interface Replayed {
  id: string
  link_id: string
}

async function openLanes(client: PoolClient, ownerId: number, deliveries: Replayed[]): Promise<void> {
  await client.query(openLanesOf([ownerId, [...new Set(deliveries.map(({ link_id }) => link_id))]]))
}

const firstId = '00000000-0000-0000-0000-000000000000'
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const slice = (state: string) => `
SELECT ${deliveryColumns} FROM webhook_deliveries d
LEFT JOIN webhook_lanes l ON l.user_id = d.user_id AND l.link_id = d.link_id
WHERE d.user_id = $1 AND d.webhook_id = $2 AND d.id < $3 ${state} ORDER BY d.id DESC LIMIT $4`

const ofAnyState = statement(slice(''))
const ofState = statement(slice('AND d.state = $5'))

const anew = `SET state = 'pending', attempts = 0, give_up_at = NULL, last_attempt_at = NULL, last_status = NULL, last_error = NULL`

const replayOne = statement(`
UPDATE webhook_deliveries d ${anew} WHERE d.user_id = $1 AND d.webhook_id = $2 AND d.id = $3 RETURNING d.id, d.link_id`)

// A list of ids, not a join: for one of those, the planner may read everything again for each row while the table is new.
const replaySome = statement(`
UPDATE webhook_deliveries d ${anew}
WHERE d.user_id = $1 AND d.webhook_id = $2 AND d.state = 'parked' AND d.id = ANY (ARRAY(
  SELECT id FROM webhook_deliveries
  WHERE user_id = $1 AND webhook_id = $2 AND state = 'parked' AND id > $3 ORDER BY id LIMIT $4
))
RETURNING d.id, d.link_id`)

/** In order, as whoever writes for an owner does. */
const openLanesOf = statement(`
INSERT INTO webhook_lanes AS l (user_id, link_id, next_at)
SELECT $1, t.link_id, now() FROM unnest($2::int8[]) AS t (link_id) ORDER BY t.link_id
ON CONFLICT (user_id, link_id) DO UPDATE
SET arrivals = l.arrivals + 1, next_at = CASE WHEN l.lease IS NULL THEN now() ELSE l.next_at END`)
