import { isRefusedData } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { type AppendOptions, appendVisits } from '../visits/append.js'
import type { NewVisit } from '../visits/visit.js'

export interface Committed {
  stored: number
  /** Ids of visits whose link does not exist any more: not stored, and never will be. */
  orphaned: string[]
  /** Ids of visits of links that are used up (`max_visits`): not stored. */
  exceeding: string[]
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
  options: AppendOptions,
): Promise<Committed> {
  try {
    return { ...(await appendVisits(db, ownerId, visits, options)), refused: new Map() }
  } catch (error) {
    if (!isRefusedData(error)) throw error
    const [only, ...others] = visits
    if (only && others.length === 0)
      return { stored: 0, orphaned: [], exceeding: [], refused: new Map([[only.id, error]]) }
  }
  const middle = Math.ceil(visits.length / 2)
  const first = await commitVisits(db, ownerId, visits.slice(0, middle), options)
  const second = await commitVisits(db, ownerId, visits.slice(middle), options)
  return {
    stored: first.stored + second.stored,
    orphaned: [...first.orphaned, ...second.orphaned],
    exceeding: [...first.exceeding, ...second.exceeding],
    refused: new Map([...first.refused, ...second.refused]),
  }
}
