import { asTexts, type Database, statement } from '../database/open.js'
import { ownedLink } from '../links/repository.js'
import { aheadOfLog } from './cursor.js'
import { fragmentsOf } from './fragments.js'
import { instantOf, recipientOf, renderVisits, type VisitRow, type VisitView, visitColumns } from './resource.js'
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
  const query =
    linkId === null
      ? ofAccount([ownerId, after, end.last, limit])
      : oldestFirst([ownerId, linkId, after + 1, Math.min(after + limit, end.last)])
  const { rows } = await db.pool.query<VisitRow>(asTexts(query))
  const last = rows.at(-1)
  const isWhole = last === undefined || Number(last[0]) === end.last || rows.length < limit
  return {
    items: await renderVisits(rows, fragmentsOf(db), view),
    position: isWhole ? end.last : Number(last[0]),
    completeThrough: isWhole ? end.lastRecordedAt : instantOf(last[1]),
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

/** As many visits of a link as one query gives. */
export const mostAtOnce = 1000

/** Visits of a link by number, oldest first. The bounds come through a join so that PostgreSQL plans once. */
export const oldestFirst = statement(`
SELECT ${visitColumns('seq')}
FROM (SELECT $1::int8 AS owner, $2::int8 AS link, $3::int8 AS low, $4::int8 AS high OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.link_id = k.link AND v.seq BETWEEN k.low AND k.high
  ORDER BY v.seq LIMIT ${mostAtOnce}
) v ${recipientOf}
ORDER BY v.seq`)

const ofAccount = statement(`
SELECT ${visitColumns('account_seq')}
FROM (SELECT $1::int8 AS owner, $2::int8 AS low, $3::int8 AS high OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.account_seq > k.low AND v.account_seq <= k.high
  ORDER BY v.account_seq LIMIT $4
) v ${recipientOf}
ORDER BY v.account_seq`)

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
