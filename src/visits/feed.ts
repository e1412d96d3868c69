import { type Database, statement } from '../database/open.js'
import { ownedLink } from '../links/repository.js'
import { aheadOfLog } from './cursor.js'
import { type VisitView, visitJson } from './resource.js'
import { searchStatement } from './search.js'

/** A log that can be followed: one link's, or that of all links of an owner. */
export interface FeedSource {
  ownerId: number
  linkId: number | null
}

/** How far a log reaches. Positions grow in the order of recording; in one link they are dense. */
export interface FeedEnd {
  first: number
  last: number
  lastRecordedAt: Date | null
  revision: number
}

export interface FeedSlice {
  /** Oldest first, as JSON. */
  items: string[]
  /** Everything up to here has been read. */
  position: number
  /** No visit that was recorded before this will ever appear later; null while nothing was recorded at all. */
  completeThrough: Date | null
  /** Whether it reaches the end of the log. */
  isWhole: boolean
}

/** @throws HttpError 404 for a link that is missing or foreign */
export async function feedEnd(db: Database, { ownerId, linkId }: FeedSource): Promise<FeedEnd> {
  if (linkId !== null) {
    const { firstSeq, visits, lastRecordedAt, revision } = await ownedLink(db, ownerId, linkId)
    return { first: firstSeq, last: visits, lastRecordedAt, revision }
  }
  const { rows } = await db.pool.query<Record<string, string> & { last_recorded_at: Date | null }>(account([ownerId]))
  const [row] = rows
  return {
    first: 1,
    last: Number(row?.last_account_seq ?? 0),
    lastRecordedAt: row?.last_recorded_at ?? null,
    revision: Number(row?.revision ?? 0),
  }
}

/**
 * Visits after a position, in the order of recording. Numbers appear in commit order, so none can turn up behind it.
 *
 * @param end read before: the slice does not go past it
 */
export async function readFeed(
  db: Database,
  { ownerId, linkId }: FeedSource,
  end: FeedEnd,
  after: number,
  limit: number,
  view: VisitView,
): Promise<FeedSlice> {
  if (after > end.last) throw aheadOfLog()
  if (after === end.last) return { items: [], position: after, completeThrough: end.lastRecordedAt, isWhole: true }
  const { rows } = await db.pool.query<{ at: string; recorded_at: Date; json: string }>(
    linkId === null
      ? ofAccount([ownerId, after, end.last, limit, view.pii, view.zone])
      : ofLink([ownerId, linkId, after, Math.min(after + limit, end.last), view.pii, view.zone]),
  )
  const last = rows.at(-1)
  const isWhole = last === undefined || Number(last.at) === end.last || rows.length < limit
  return {
    items: rows.map(({ json }) => json),
    position: isWhole ? end.last : Number(last.at),
    completeThrough: isWhole ? end.lastRecordedAt : last.recorded_at,
    isWhole,
  }
}

/** The position before the first visit recorded at or after a time. */
export async function positionBefore(db: Database, source: FeedSource, end: FeedEnd, since: Date): Promise<number> {
  const search = source.linkId === null ? searchAccount : searchLink
  const { rows } = await db.pool.query<{ low: string }>(
    search([source.ownerId, ...(source.linkId === null ? [] : [source.linkId]), end.first, end.last, since]),
  )
  return Number(rows[0]?.low ?? end.last + 1) - 1
}

const account = statement('SELECT last_account_seq, last_recorded_at, revision FROM owners WHERE id = $1')

const { columns, joins } = visitJson('$5', '$6')

const ofLink = statement(`
SELECT v.seq::text AS at, v.recorded_at, ${columns} FROM visits v ${joins}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq > $3 AND v.seq <= $4
ORDER BY v.seq`)

const ofAccount = statement(`
SELECT v.account_seq::text AS at, v.recorded_at, ${columns} FROM visits v ${joins}
WHERE v.user_id = $1 AND v.account_seq > $2 AND v.account_seq <= $3
ORDER BY v.account_seq LIMIT $4`)

/** Times of recording never go back, so they can be searched. */
const searchLink = searchStatement({
  position: 'seq',
  key: 'v.user_id = $1 AND v.link_id = $2',
  isBefore: 'v.recorded_at < $5::timestamptz',
  bounds: ['$3', '$4'],
})
const searchAccount = searchStatement({
  position: 'account_seq',
  key: 'v.user_id = $1',
  isBefore: 'v.recorded_at < $4::timestamptz',
  bounds: ['$2', '$3'],
})
