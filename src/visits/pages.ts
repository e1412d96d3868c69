import type { Database } from '../database/open.js'
import { type Page, type PageRequest, pageBounds } from '../http/paginate.js'
import type { LinkPositions } from '../links/repository.js'
import { filteredPage } from './filtered.js'
import { isDense, type VisitFilters } from './filters.js'
import type { VisitView } from './resource.js'
import { visitList, visitRange } from './rows.js'

/**
 * Visits of one link, newest recorded first, as ready JSON.
 *
 * Cost does not depend on the page: positions are dense, so page p is one index range, also over the visits of people
 * only (design.md, "The visit log"). With filters, or another order, the matching visits are looked for.
 *
 * @param request `number` is 1-based; past the end gives no items, as Laravel does (contract.md section 3)
 * @param link how far the list reaches: its `visits` may be an earlier position than the newest
 * @returns items with the exact total at the moment of reading
 */
export async function pageOfVisits(
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  request: PageRequest,
  view: VisitView,
): Promise<Page<string>> {
  if (!isDense(filters)) {
    const { total, seqs } = await filteredPage(db, link, filters, request)
    return { ...request, total, items: await visitList(db, link, seqs, view) }
  }
  const people = filters.bots === 'exclude'
  const [first, last] = people ? [link.firstHumanSeq, link.humanVisits] : [link.firstSeq, link.visits]
  const total = last - first + 1
  const { start, end } = pageBounds(request, total)
  const items = await visitRange(db, link, people ? 'human_seq' : 'seq', last - end + 1, last - start, view)
  return { ...request, total, items }
}
