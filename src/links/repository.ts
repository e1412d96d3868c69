import type { Database } from '../database/open.js'
import { notFound } from '../http/errors.js'
import { type LinkPositions, type PositionReads, positionReads } from './positions.js'

/**
 * A link of this owner.
 *
 * @throws HttpError 404, alike for a missing link and one of somebody else: both are one miss of the same key
 */
export async function ownedLink(db: Database, ownerId: number, id: number): Promise<LinkPositions> {
  const found = await readsOf(db).find({ ownerId, id })
  if (found === undefined) throw notFound()
  return found
}

const reads = new WeakMap<Database, PositionReads>()

function readsOf(db: Database): PositionReads {
  const known = reads.get(db)
  if (known !== undefined) return known
  const made = positionReads(db)
  reads.set(db, made)
  return made
}
