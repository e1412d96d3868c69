import type { Database } from '../database/open.js'
import { invalid } from '../http/errors.js'
import type { LinkPositions } from '../links/positions.js'
import type { VisitFilters } from './filters.js'
import { searchStatement } from './search.js'

/**
 * The link as it was when its newest visit had that position, so that a walk over its pages sees every visit once.
 *
 * @param filters where they do not tell people from bots, `humanVisits` stays that of the newest state: nobody asks for it
 * @throws HttpError 422 for a position that the link has not reached, or does not keep any more
 */
export async function frozenAt(
  db: Database,
  link: LinkPositions,
  position: 'now' | number,
  { bots }: Pick<VisitFilters, 'bots'>,
): Promise<LinkPositions> {
  const visits = position === 'now' ? link.visits : position
  if (visits === link.visits) return link
  if (visits > link.visits || visits < link.firstSeq - 1) {
    throw invalid({ as_of: [`The as of field must be now or a position from ${link.firstSeq - 1} to ${link.visits}.`] })
  }
  if (bots === 'include') return { ...link, visits }
  const { rows } = await db.pool.query<{ low: string }>(
    firstPersonAfter([link.ownerId, link.id, link.firstHumanSeq, link.humanVisits, visits]),
  )
  return { ...link, visits, humanVisits: Number(rows[0]?.low ?? link.firstHumanSeq) - 1 }
}

/** Searched for among the numbers of people, because any number of bots may lie before the position. */
const firstPersonAfter = searchStatement({
  position: 'human_seq',
  key: 'v.user_id = $1 AND v.link_id = $2',
  isBefore: 'v.seq <= $5',
  bounds: ['$3', '$4'],
})
