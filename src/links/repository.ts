import type { Database } from '../database/open.js'
import { notFound } from '../http/errors.js'
import { PositionReads } from './position-reads.js'

/** How far a link's log reaches, at the moment of reading. */
export interface LinkPositions {
  ownerId: number
  id: number
  /** Number of the newest visit, and of the oldest that is kept. */
  visits: number
  firstSeq: number
  /** The same over the visits of people. */
  humanVisits: number
  firstHumanSeq: number
  /** Raised by everything that changes visits already recorded. */
  revision: number
  /** When the newest visit was recorded. */
  lastRecordedAt: Date | null
}

/**
 * A link of this owner.
 *
 * @throws HttpError 404, alike for a missing link and one of somebody else: both are one miss of the same key
 */
export async function ownedLink(db: Database, ownerId: number, id: number): Promise<LinkPositions> {
  const row = await readsOf(db).find(ownerId, id)
  if (row === undefined) throw notFound()
  return {
    ownerId,
    id,
    visits: Number(row.visits),
    firstSeq: Number(row.first_seq),
    humanVisits: Number(row.human_visits),
    firstHumanSeq: Number(row.first_human_seq),
    revision: Number(row.revision),
    lastRecordedAt: row.last_recorded_at,
  }
}

const reads = new WeakMap<Database, PositionReads>()

function readsOf(db: Database): PositionReads {
  const known = reads.get(db)
  if (known !== undefined) return known
  const made = new PositionReads(db)
  reads.set(db, made)
  return made
}
