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
import type { Room } from './slots.js'

/** A lane that this process has taken. */
export interface Lane {
  ownerId: string
  linkId: number
  lease: string
  /** How often deliveries had been added. */
  arrivals: string
  /** Of its first pending delivery; null when there is none. */
  webhookId: string | null
  /** Name and port that this webhook leads to. */
  host: string | null
  /** Until when nobody else takes it, by `performance.now()`. */
  endsAt: number
}

/** How long nobody else takes a lane. Whoever holds one works on it for less (turn.ts). */
const leaseMs = 10_000

export interface TakenLanes {
  lanes: Lane[]
  /** The owner whose turn was last; the one that was given, where nobody had one. */
  lastOwner: string
}

/**
 * Takes lanes whose time has come: of each owner the one that has waited longest, owner after owner, then a second one of each, and
 * so on, until there is no more room.
 *
 * @param room lanes of owners and hosts without room wait
 * @param afterOwner whose turn was last
 */
export async function takeLanes(db: Database, room: Room, afterOwner = '0'): Promise<TakenLanes> {
  // Before the database begins to count.
  const endsAt = performance.now() + leaseMs
  const { left, ofNewOwner, ofOwners, fullHosts, fullOwnerHosts } = room
  const limits = [[...ofOwners.keys()], [...ofOwners.values()], ofNewOwner]
  const { rows } = await db.pool.query<Row>(take([left, afterOwner, ...limits, fullHosts, fullOwnerHosts, leaseMs]))
  const lanes = rows
    .toSorted((a, b) => a.turn - b.turn)
    .map((row) => ({
      ownerId: row.user_id,
      linkId: Number(row.link_id),
      lease: row.lease,
      arrivals: row.arrivals,
      webhookId: row.webhook_id,
      host: row.host,
      endsAt,
    }))
  const [last] = rows.toSorted((a, b) => b.place - a.place)
  return { lanes, lastOwner: last?.user_id ?? afterOwner }
}

interface Row {
  user_id: string
  link_id: string
  lease: string
  arrivals: string
  webhook_id: string | null
  host: string | null
  /** Of the owner, in this round. */
  place: number
  /** Of the lane. */
  turn: number
}

// From owner to owner by the index, beginning behind the one whose turn was last: what is due of one may be any number of lanes.
const take = statement(`
WITH RECURSIVE owners AS (
  SELECT 0 AS place, $2::int8 AS user_id, NULL::timestamptz AS next_at, false AS is_around
  WHERE EXISTS (SELECT FROM webhook_lanes WHERE next_at <= now())
  UNION ALL
  SELECT o.place + 1, n.* FROM owners o CROSS JOIN LATERAL (
    (
      SELECT l.user_id, l.next_at, o.is_around FROM webhook_lanes l
      WHERE l.user_id > o.user_id AND (NOT o.is_around OR l.user_id <= $2) ORDER BY l.user_id, l.next_at LIMIT 1
    )
    UNION ALL
    (
      SELECT l.user_id, l.next_at, true FROM webhook_lanes l
      WHERE NOT o.is_around AND l.user_id <= $2 ORDER BY l.user_id, l.next_at LIMIT 1
    )
    ORDER BY is_around LIMIT 1
  ) n
),
found AS MATERIALIZED (
  SELECT o.place, d.* FROM owners o
  CROSS JOIN LATERAL (
    SELECT l.user_id, l.link_id, l.next_at, first.webhook_id, first.host
    FROM webhook_lanes l
    LEFT JOIN LATERAL (
      SELECT d.webhook_id, (
        SELECT substring(lower(w.uri) FROM '^https?:[/\\\\]+([^/\\\\?#]+)') FROM webhooks w
        WHERE w.user_id = d.user_id AND w.id = d.webhook_id
      ) AS host
      FROM webhook_deliveries d
      WHERE d.user_id = l.user_id AND d.link_id = l.link_id AND d.state = 'pending'
      ORDER BY d.seq LIMIT 1
    ) first ON true
    WHERE l.user_id = o.user_id AND l.next_at <= now()
      AND coalesce(first.host <> ALL ($6::text[]) AND l.user_id || ' ' || first.host <> ALL ($7::text[]), true)
    ORDER BY l.next_at
    LIMIT coalesce((SELECT t.most FROM unnest($3::int8[], $4::int4[]) AS t (id, most) WHERE t.id = o.user_id), $5::int4)
    FOR UPDATE OF l SKIP LOCKED
  ) d
  WHERE o.next_at <= now()
  LIMIT $1::int4 * $5::int4
),
due AS (
  SELECT f.*, row_number() OVER (ORDER BY f.nth, f.place)::int4 AS turn FROM (
    SELECT f.*, row_number() OVER (PARTITION BY f.place ORDER BY f.next_at) AS nth FROM found f
  ) f
  ORDER BY turn LIMIT $1::int4
)
UPDATE webhook_lanes l SET
  next_at = now() + $8::int4 * interval '1 millisecond', lease = gen_random_uuid(), is_resting = false
FROM due WHERE l.user_id = due.user_id AND l.link_id = due.link_id
RETURNING l.user_id, l.link_id, l.lease, l.arrivals, due.webhook_id, due.host, due.place, due.turn`)

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
