/**
 * Lanes: links with pending deliveries. Whoever delivers takes a lane, makes some of its deliveries one after the other, and gives
 * it back, or removes it when nothing is left. Any number of processes can do that at once.
 *
 * Taking a lane moves its `next_at` into the future, so nobody else takes it before: a lease, under an id of its own. Who dies
 * does not give it back, and the next takes it when that time has come.
 *
 * No delivery is left without a lane. A batch of visits writes its deliveries, and inserts or touches the lane, in one statement
 * (visits/append.ts), raising `arrivals`. A lane is removed only while it has no pending delivery and its `arrivals` are what
 * they were when it was taken. Under READ COMMITTED, of a batch and a removal:
 * - The batch commits before the lane is taken: its deliveries are seen by every later statement, so they are made first.
 * - It commits after that, but before the removal looks: `arrivals` differ, the lane stays.
 * - It is under way while the removal looks: its deliveries are not seen, but it holds the lane's row. The removal waits, then
 *   looks at the row again as the batch has left it: `arrivals` differ, the lane stays. Without `arrivals` it would go, because
 *   only the row is looked at again, not the deliveries.
 * - The removal is under way while the batch gets to the lane: the batch waits, finds the row gone, and inserts a new one.
 *
 * A transaction that waits for lanes waits for one only, or has the owner's lock: no two ever wait for each other.
 */
import { type Database, statement } from '../database/open.js'

/** A lane that this process has taken. */
export interface Lane {
  ownerId: string
  linkId: number
  lease: string
  /** How often deliveries had been added. */
  arrivals: string
  /** Of its first pending delivery; null when there is none. */
  webhookId: string | null
  /** Until when nobody else takes it, by `performance.now()`. */
  endsAt: number
}

/** How long nobody else takes a lane. Whoever holds one works on it for less (turn.ts). */
const leaseMs = 10_000

/** Takes lanes whose time has come, the longest waiting first. @param full webhooks whose lanes are to wait */
export async function takeLanes(db: Database, most: number, full: string[]): Promise<Lane[]> {
  // Before the database begins to count.
  const endsAt = performance.now() + leaseMs
  const { rows } = await db.pool.query<Row>(take([most, full, leaseMs]))
  return rows.map((row) => ({
    ownerId: row.user_id,
    linkId: Number(row.link_id),
    lease: row.lease,
    arrivals: row.arrivals,
    webhookId: row.webhook_id,
    endsAt,
  }))
}

interface Row {
  user_id: string
  link_id: string
  lease: string
  arrivals: string
  webhook_id: string | null
}

const take = statement(`
WITH due AS (
  SELECT l.user_id, l.link_id, first.webhook_id
  FROM webhook_lanes l
  LEFT JOIN LATERAL (
    SELECT d.webhook_id FROM webhook_deliveries d
    WHERE d.user_id = l.user_id AND d.link_id = l.link_id AND d.state = 'pending'
    ORDER BY d.seq LIMIT 1
  ) first ON true
  WHERE l.next_at <= now() AND coalesce(first.webhook_id <> ALL ($2::uuid[]), true)
  ORDER BY l.next_at LIMIT $1
  FOR UPDATE OF l SKIP LOCKED
)
UPDATE webhook_lanes l SET
  next_at = now() + $3 * interval '1 millisecond', lease = gen_random_uuid(), is_resting = false
FROM due WHERE l.user_id = due.user_id AND l.link_id = due.link_id
RETURNING l.user_id, l.link_id, l.lease, l.arrivals, due.webhook_id`)

/** First parameters of the statements below. They do nothing to a lane that somebody else has taken meanwhile. */
export const laneKey = ({ ownerId, linkId, lease }: Lane) => [ownerId, linkId, lease]

const mine = 'user_id = $1 AND link_id = $2 AND lease = $3'

const hasPending = `EXISTS (
  SELECT FROM webhook_deliveries d WHERE d.user_id = $1 AND d.link_id = $2 AND d.state = 'pending'
)`

/** Everything is done. Does nothing when there is, or may be, more. */
export const removeLane = statement(`DELETE FROM webhook_lanes WHERE ${mine} AND arrivals = $4 AND NOT ${hasPending}`)

/** There is more to do. */
export const releaseLane = statement(`UPDATE webhook_lanes SET next_at = now(), lease = NULL WHERE ${mine}`)

/** The first delivery has failed: the lane waits, unless its webhook was edited meanwhile. */
export const postponeLane = statement(`
UPDATE webhook_lanes SET lease = NULL, next_at = now() + CASE WHEN EXISTS (
  SELECT FROM webhooks w WHERE w.user_id = $1 AND w.id = $4 AND w.updated_at::text = $5
) THEN $6::float8 ELSE 0 END * interval '1 millisecond'
WHERE ${mine}`)

/**
 * What is pending belongs to webhooks that are switched off: the lane waits until the first of it is given up, or is woken, if
 * only by a visit: another webhook is to be told of that. Visits do not wake a lane that waits after a failure.
 */
export const restLane = statement(`
UPDATE webhook_lanes SET lease = NULL, is_resting = true, next_at = CASE WHEN arrivals <> $4 THEN now() ELSE coalesce((
  SELECT d.created_at + interval '24 hours' FROM webhook_deliveries d
  WHERE d.user_id = $1 AND d.link_id = $2 AND d.state = 'pending' ORDER BY d.seq LIMIT 1
), now()) END
WHERE ${mine}`)

/** A webhook of the owner has changed: what waits is tried at once, and who is at it looks again. */
export const wakeLanes = statement(`
UPDATE webhook_lanes SET arrivals = arrivals + 1, next_at = CASE WHEN lease IS NULL THEN now() ELSE next_at END
WHERE user_id = $1`)
