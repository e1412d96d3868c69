import { type Database, statement } from '../database/open.js'
import { inOneGo } from '../database/transaction.js'

/** What all processes together have still to deliver. */
export interface Backlog {
  /** Counted up to a million. */
  pending: number
  parked: number
  /** For how long the lane that is due has been waiting for somebody to take it; 0 when none is due. */
  lagSeconds: number
  /** Age of the oldest delivery that is first in its lane, of the ten thousand lanes that are due first. */
  oldestSeconds: number
}

/** @throws when the database is away or takes longer than two seconds */
export async function readBacklog(db: Database): Promise<Backlog> {
  const [, found] = await inOneGo<Row>(db, [{ text: `SET LOCAL statement_timeout = '2s'` }, backlog([])])
  const { pending, parked, lag, oldest } = found?.rows[0] ?? {}
  return {
    pending: Number(pending),
    parked: Number(parked),
    lagSeconds: Math.max(0, Number(lag)),
    oldestSeconds: Math.max(0, Number(oldest)),
  }
}

interface Row {
  pending: string
  parked: string
  lag: number
  oldest: number
}

const backlog = statement(`
SELECT
  (SELECT count(*) FROM (SELECT FROM webhook_deliveries WHERE state = 'pending' LIMIT 1000000) p) AS pending,
  (SELECT coalesce(sum(n), 0) FROM webhooks w CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM webhook_deliveries d
    WHERE d.user_id = w.user_id AND d.webhook_id = w.id AND d.state = 'parked'
  ) d) AS parked,
  coalesce((
    SELECT extract(epoch FROM now() - l.next_at)::float8 FROM webhook_lanes l ORDER BY l.next_at LIMIT 1
  ), 0) AS lag,
  coalesce((
    SELECT extract(epoch FROM now() - min(d.created_at))::float8
    FROM (SELECT user_id, link_id FROM webhook_lanes ORDER BY next_at LIMIT 10000) l
    CROSS JOIN LATERAL (
      SELECT created_at FROM webhook_deliveries
      WHERE user_id = l.user_id AND link_id = l.link_id AND state = 'pending' ORDER BY seq LIMIT 1
    ) d
  ), 0) AS oldest`)
