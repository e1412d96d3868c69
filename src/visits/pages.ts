import { nothingShown, type Shown } from '../audit/read.js'
import type { Database } from '../database/open.js'
import { notFound } from '../http/errors.js'
import { type Page, type PageRequest, pageBounds } from '../http/paginate.js'
import type { LinkKey, LinkPositions } from '../links/positions.js'
import { filteredPage } from './filtered.js'
import { isDense, type VisitFilters } from './filters.js'
import { whereReached } from './reached.js'
import type { VisitView } from './resource.js'
import { visitList, visitSlice } from './rows.js'

/** Visits as JSON, and which they are. */
export interface VisitPage extends Page<string> {
  shown: Shown
}

/**
 * Visits of one link, newest recorded first, as ready JSON.
 *
 * Cost does not depend on the page: positions are dense, so page p is one index range, also over the visits of people
 * only (docs/architecture.md#the-visit-log). With filters, or another order, the matching visits are looked for.
 *
 * @param request `number` is 1-based; past the end gives no items, as Laravel does (docs/api-contract.md section 3)
 * @param link how far the list reaches: its `visits` may be an earlier position than the newest
 * @returns items with the exact total at the moment of reading
 */
export async function pageOfVisits(
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  request: PageRequest,
  view: VisitView,
): Promise<VisitPage> {
  return whereReached(db, link, (from) => pageFrom(from, link, filters, request, view))
}

async function pageFrom(
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  request: PageRequest,
  view: VisitView,
): Promise<VisitPage> {
  if (!isDense(filters)) {
    const { total, seqs } = await filteredPage(db, link, filters, request)
    return { ...request, total, ...(await visitList(db, link, seqs, view)) }
  }
  const page = densePage(link, filters, request)
  const { start, end } = pageBounds(request, page.total)
  if (end === start) return page
  const slice = {
    ownerId: link.ownerId,
    id: link.id,
    newest: reach(link, filters).last,
    skip: start,
    take: end - start,
  }
  const found = await visitSlice(db, numberingOf(filters), slice, view)
  if (found === null) throw notFound()
  // Those that were removed meanwhile (retention.ts) are not counted either.
  const { firstSeq, firstHumanSeq } = found.link
  const { items, shown } = found
  return { ...densePage({ ...link, firstSeq, firstHumanSeq }, filters, request), items, shown }
}

/**
 * The newest state of a link together with a page of its visits: one read instead of two.
 *
 * @param asOf where the list is frozen, whether the link has reached that position or not
 * @returns null where the page cannot be told before the link is known
 * @throws HttpError 404, alike for a missing link and one of somebody else
 */
export async function linkWithPage(
  db: Database,
  key: LinkKey,
  filters: VisitFilters,
  asOf: 'now' | number | undefined,
  request: PageRequest,
  view: VisitView,
): Promise<{ link: LinkPositions; page: VisitPage } | null> {
  const position = typeof asOf === 'number' ? asOf : null
  const numbering = numberingOf(filters)
  if (!isDense(filters) || (position !== null && numbering !== 'seq')) return null
  const { number, perPage } = request
  // No log is that long.
  const skip = Math.min(Number(number - 1n) * perPage, Number.MAX_SAFE_INTEGER)
  const found = await visitSlice(db, numbering, { ...key, newest: position, skip, take: perPage }, view)
  if (found === null) throw notFound()
  const { link, items, shown } = found
  const reached = position === null ? link : { ...link, visits: position }
  return { link, page: { ...densePage(reached, filters, request), items, shown } }
}

/** Without its items. */
function densePage(link: LinkPositions, filters: VisitFilters, { number, perPage }: PageRequest): VisitPage {
  const { first, last } = reach(link, filters)
  return { number, perPage, total: last - first + 1, items: [], shown: nothingShown }
}

/** The numbers of the oldest and the newest visit that a list without filters shows. */
export function reach(link: LinkPositions, filters: VisitFilters): { first: number; last: number } {
  return numberingOf(filters) === 'human_seq'
    ? { first: link.firstHumanSeq, last: link.humanVisits }
    : { first: link.firstSeq, last: link.visits }
}

const numberingOf = ({ bots }: VisitFilters) => (bots === 'exclude' ? 'human_seq' : 'seq')
