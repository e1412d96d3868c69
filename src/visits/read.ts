import { type Database, statement } from '../database/open.js'
import { type Page, type PageRequest, pageBounds } from '../http/paginate.js'
import type { LinkPositions } from '../links/repository.js'
import { type VisitView, visitJson } from './resource.js'

/**
 * Visits of one link, newest recorded first, as ready JSON.
 *
 * Cost does not depend on the page: positions are dense, so page p is one index range (design.md, "The visit log").
 *
 * @param request `number` is 1-based; past the end gives no items, as Laravel does (contract.md section 3)
 * @returns items with the exact total at the moment of reading
 */
export async function pageOfVisits(
  db: Database,
  link: LinkPositions,
  request: PageRequest,
  view: VisitView,
): Promise<Page<string>> {
  const total = link.visits - link.firstSeq + 1
  const { start, end } = pageBounds(request, total)
  const items = end > start ? await visitRange(db, link, link.visits - end + 1, link.visits - start, view) : []
  return { ...request, total, items }
}

/** Visits with `low <= seq <= high`, newest first. */
async function visitRange(
  db: Database,
  { ownerId, id }: LinkPositions,
  low: number,
  high: number,
  { pii, zone }: VisitView,
): Promise<string[]> {
  const { rows } = await db.pool.query<{ json: string }>(rangeStatement([ownerId, id, low, high, pii, zone]))
  return rows.map(({ json }) => json)
}

const json = visitJson('$5', '$6')

const rangeStatement = statement(`
SELECT ${json.columns} FROM visits v ${json.joins}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq BETWEEN $3 AND $4
ORDER BY v.seq DESC`)
