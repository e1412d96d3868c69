import { type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'

export interface DeliveryRemovalOptions {
  db: Database
  /** How long deliveries that were made are kept. */
  keepDays: number
  log: { error(fields: object, message: string): void }
}

const lookEveryMs = 300_000

/** A few dozen milliseconds of work. */
const rowsOfStep = 2000

/** Removes, at the start and every few minutes, deliveries that were made some days ago, and deleted webhooks with theirs. */
export function openDeliveryRemoval({ db, keepDays, log }: DeliveryRemovalOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    round: (allOf) => allOf(() => removeDeliveries(db, keepDays)),
    onError: (error) => log.error({ err: error }, 'old webhook deliveries could not be removed'),
  })
}

/**
 * One step. Killed in the middle, it is as if it had never begun; what another process is at is passed over.
 *
 * @returns whether there was anything to do
 */
export async function removeDeliveries(db: Database, keepDays: number, rows: number = rowsOfStep): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const [deleted] = (await client.query<Taken>(takeDeleted([]))).rows
    if (deleted !== undefined) {
      const key = [deleted.user_id, deleted.id]
      const { rowCount } = await client.query(removeOfDeleted([...key, rows]))
      if ((rowCount ?? 0) < rows) await client.query(removeWebhook(key))
      return true
    }
    const [webhook] = (await client.query<Taken>(takeWithOld([keepDays]))).rows
    if (webhook === undefined) return false
    await client.query(removeOld([keepDays, webhook.user_id, webhook.id, rows]))
    return true
  })
}

interface Taken {
  user_id: string
  id: string
}

const takeDeleted = statement(
  'SELECT user_id, id FROM webhooks WHERE deleted_at IS NOT NULL ORDER BY user_id, id LIMIT 1 FOR UPDATE SKIP LOCKED',
)

// Lists of ids, not joins: for these, the planner may read everything again for each row while the table is new.
const removeOfDeleted = statement(`
DELETE FROM webhook_deliveries d WHERE d.user_id = $1 AND d.webhook_id = $2 AND d.id = ANY (ARRAY(
  SELECT id FROM webhook_deliveries WHERE user_id = $1 AND webhook_id = $2 ORDER BY id LIMIT $3
))`)

const removeWebhook = statement('DELETE FROM webhooks WHERE user_id = $1 AND id = $2')

/** Ids tell the time, in milliseconds, in front (UUID version 7): those of old visits come first in the index. */
const idOfTime = `(lpad(to_hex((extract(epoch FROM now() - $1::int4 * interval '1 day') * 1000)::int8), 12, '0')
  || '00000000000000000000')::uuid`

/** Of `webhook_deliveries`: made so many days ago, of a visit that is as old. */
const isOld = `state = 'delivered' AND id < ${idOfTime} AND last_attempt_at <= now() - $1::int4 * interval '1 day'`

const takeWithOld = statement(`
SELECT w.user_id, w.id FROM webhooks w
CROSS JOIN LATERAL (
  SELECT FROM webhook_deliveries WHERE user_id = w.user_id AND webhook_id = w.id AND ${isOld} ORDER BY id LIMIT 1
) old
LIMIT 1`)

const removeOld = statement(`
DELETE FROM webhook_deliveries d WHERE d.user_id = $2 AND d.webhook_id = $3 AND d.id = ANY (ARRAY(
  SELECT id FROM webhook_deliveries WHERE user_id = $2 AND webhook_id = $3 AND ${isOld}
  ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
))`)
