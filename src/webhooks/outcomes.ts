/** What became of deliveries, as statements on `[owner, link, …]`. A delivery that is made stays made, whoever says so. */
import { anyOwner, statement } from '../database/open.js'

/** `$3` numbers, `$4` statuses, `$5` times. */
export const markDelivered = statement(`
UPDATE webhook_deliveries d
SET state = 'delivered', attempts = attempts + 1, last_attempt_at = o.at, last_status = o.status, last_error = NULL
FROM unnest($3::int8[], $4::int4[], $5::timestamptz[]) AS o (seq, status, at)
WHERE d.user_id = ${anyOwner} AND d.link_id = $2 AND d.seq = ANY ($3::int8[]) AND d.seq = o.seq AND d.state <> 'delivered'`)

/** Of visits that are not in the log: there is nothing to be told. `$3` numbers. */
export const dropDeliveries = statement(
  `DELETE FROM webhook_deliveries WHERE user_id = ${anyOwner} AND link_id = $2 AND seq = ANY ($3::int8[]) AND state = 'pending'`,
)

/** `$3` number, `$4` status, `$5` error. It is given up a day after its first attempt. */
export const markFailed = statement(`
UPDATE webhook_deliveries SET
  attempts = attempts + 1, last_attempt_at = now(), last_status = $4, last_error = $5,
  give_up_at = coalesce(give_up_at, now() + interval '24 hours'),
  state = CASE WHEN give_up_at <= now() THEN 'parked' ELSE 'pending' END
WHERE user_id = ${anyOwner} AND link_id = $2 AND seq = $3 AND state = 'pending'
RETURNING state = 'parked' AS is_parked, extract(epoch FROM give_up_at - now())::float8 * 1000 AS left_ms`)

/** What has waited for a day behind a delivery of its webhook that is given up is given up with it. `$3` webhook. */
export const parkWaiting = statement(`
UPDATE webhook_deliveries SET state = 'parked', last_error = 'An earlier visit of the link could not be delivered.'
WHERE user_id = $1 AND link_id = $2 AND webhook_id = $3 AND state = 'pending' AND created_at <= now() - interval '24 hours'`)

/** What has waited for a day for a webhook that is switched off. */
export const parkInactive = statement(`
UPDATE webhook_deliveries d SET state = 'parked', last_error = 'The webhook is switched off.'
WHERE d.user_id = $1 AND d.link_id = $2 AND d.state = 'pending' AND d.created_at <= now() - interval '24 hours'
  AND NOT EXISTS (
    SELECT FROM webhooks w WHERE w.user_id = d.user_id AND w.id = d.webhook_id AND w.status = 1 AND w.deleted_at IS NULL
  )`)
