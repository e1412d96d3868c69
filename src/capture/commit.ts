import { isRefusedData } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { appendVisits } from '../visits/append.js'
import type { NewVisit } from '../visits/visit.js'

export interface Committed {
  stored: number
  /** Ids of visits whose link does not exist any more: not stored, and never will be. */
  orphaned: string[]
  /** Visits that the database will never take, each with its reason. */
  refused: Map<string, unknown>
}

/**
 * Commits a batch of one owner. When the database refuses the values of a row, the batch is halved until that row stands
 * alone, so the others are stored.
 *
 * @throws what else goes wrong, such as the database being away: parts may then be stored already
 */
export async function commitVisits(
  db: Database,
  ownerId: number,
  visits: NewVisit[],
  signal: AbortSignal,
): Promise<Committed> {
  try {
    return { ...(await appendVisits(db, ownerId, visits, signal)), refused: new Map() }
  } catch (error) {
    if (!isRefusedData(error)) throw error
    const [only, ...others] = visits
    if (only && others.length === 0) return { stored: 0, orphaned: [], refused: new Map([[only.id, error]]) }
  }
  const middle = Math.ceil(visits.length / 2)
  const first = await commitVisits(db, ownerId, visits.slice(0, middle), signal)
  const second = await commitVisits(db, ownerId, visits.slice(middle), signal)
  return {
    stored: first.stored + second.stored,
    orphaned: [...first.orphaned, ...second.orphaned],
    refused: new Map([...first.refused, ...second.refused]),
  }
}
