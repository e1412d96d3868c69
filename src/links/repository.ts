import { type Database, statement } from '../database/open.js'
import { notFound } from '../http/errors.js'

/** How far a link's log reaches, at the moment of reading. */
export interface LinkPositions {
  ownerId: number
  id: number
  /** Number of the newest visit. */
  visits: number
  /** Number of the oldest visit that is kept. */
  firstSeq: number
}

/**
 * A link of this owner.
 *
 * @throws HttpError 404, alike for a missing link and one of somebody else: both are one miss of the same key
 */
export async function ownedLink(db: Database, ownerId: number, id: number): Promise<LinkPositions> {
  const { rows } = await db.pool.query<{ visits: string; first_seq: string }>(positions([ownerId, id]))
  const row = rows[0]
  if (row === undefined) throw notFound()
  return { ownerId, id, visits: Number(row.visits), firstSeq: Number(row.first_seq) }
}

const positions = statement('SELECT visits, first_seq FROM links WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL')
