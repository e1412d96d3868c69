import type { Database } from '../database/open.js'
import type { LinkPositions } from '../links/positions.js'
import { ownedLink } from '../links/repository.js'

/**
 * Reads visits of a link from a replica that has the link as the primary had it, or later; else from the primary. So an answer is
 * never older than the positions that it was made with, which always come from the primary.
 *
 * @param link as the primary just said; its `visits` may be an earlier position
 */
export async function whereReached<T>(
  db: Database,
  link: LinkPositions,
  read: (from: Database) => Promise<T>,
): Promise<T> {
  const found = await db.replicas.read(async (replica) => {
    const there = await ownedLink(replica, link.ownerId, link.id)
    return isReached(there, link) ? { answer: await read(replica) } : null
  })
  return found === null ? read(db) : found.answer
}

/** All of these only grow, in one epoch. */
function isReached(there: LinkPositions, link: LinkPositions): boolean {
  const { visits, humanVisits, firstSeq, revision, epoch } = link
  return (
    there.epoch === epoch &&
    there.visits >= visits &&
    there.humanVisits >= humanVisits &&
    there.firstSeq >= firstSeq &&
    there.revision >= revision
  )
}
