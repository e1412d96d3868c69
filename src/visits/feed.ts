import { currentEpoch } from '../database/log-epoch.js'
import { asTexts, type Database, statement } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { ownedLink } from '../links/repository.js'
import type { FeedPlace } from './cursor.js'
import { fragmentsOf } from './fragments.js'
import {
  instantOf,
  othersFrom,
  recipientOf,
  renderVisits,
  type VisitRow,
  type VisitView,
  visitColumns,
} from './resource.js'
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
  /** Number in the account of the newest visit that was blanked; 0: none. */
  lastErased: number
  /** In which these numbers were given (database/log-epoch.ts). */
  epoch: number
}

export interface FeedSlice {
  /** Oldest first, as JSON. */
  items: string[]
  /** Of each item. */
  positions: number[]
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
    const { firstSeq, visits, lastRecordedAt, revision, lastErased, epoch } = await ownedLink(db, ownerId, linkId)
    return { first: firstSeq, last: visits, lastRecordedAt, revision, lastErased, epoch }
  }
  const { rows } = await db.pool.query<Record<string, string> & { last_recorded_at: Date | null }>(account([ownerId]))
  const [row] = rows
  return {
    first: 1,
    last: Number(row?.last_account_seq ?? 0),
    lastRecordedAt: row?.last_recorded_at ?? null,
    revision: Number(row?.revision ?? 0),
    lastErased: Number(row?.last_erased ?? 0),
    epoch: Number(row?.epoch ?? 0),
  }
}

/**
 * Visits after a position, in the order of recording. Numbers appear in commit order, so none can turn up behind it. Where those
 * right after it have been removed (retention.ts), it goes on at the first that is kept.
 *
 * A replica gives them where it is that far: rows up to the limit, or all up to the end. That there is nothing, only the
 * primary says.
 *
 * @param end read before, from the primary: the slice does not go past it
 */
export async function readFeed(
  db: Database,
  { ownerId, linkId }: FeedSource,
  end: FeedEnd,
  after: number,
  limit: number,
  view: VisitView,
): Promise<FeedSlice> {
  if (after >= end.last)
    return { items: [], positions: [], position: after, completeThrough: end.lastRecordedAt, isWhole: true }
  const source = { ownerId, linkId }
  const found = await db.replicas.read(async (replica) => {
    const there = await feedEnd(replica, source)
    if (there.epoch !== end.epoch || there.last <= after || there.first < end.first || there.revision < end.revision)
      return null
    const slice = await sliceOf(replica, source, end, after, limit, view)
    return slice?.items.length === limit || there.last >= end.last ? slice : null
  })
  if (found !== null) return found
  const slice = await sliceOf(db, source, end, after, limit, view)
  // Of a link, what was to be shown has been removed since the end was read.
  return slice ?? readFeed(db, source, await feedEnd(db, source), reachOf(source, end, after, limit), limit, view)
}

/** The last position that a slice may show. */
function reachOf({ linkId }: FeedSource, end: FeedEnd, after: number, limit: number): number {
  return linkId === null ? end.last : Math.min(keptAfter(end, after) + limit, end.last)
}

/** null when there is nothing left of it, though it does not reach the end. */
async function sliceOf(
  db: Database,
  { ownerId, linkId }: FeedSource,
  end: FeedEnd,
  after: number,
  limit: number,
  view: VisitView,
): Promise<FeedSlice | null> {
  const start = keptAfter(end, after)
  const upTo = reachOf({ ownerId, linkId }, end, after, limit)
  const query =
    linkId === null ? ofAccount([ownerId, start, upTo, limit]) : oldestFirst([ownerId, linkId, start + 1, upTo])
  const { rows } = await readerOf(db, ownerId).pool.query<VisitRow>(asTexts(query))
  if (linkId !== null && rows.length === 0 && upTo < end.last) return null
  const [position = '', recordedAt = ''] = rows.at(-1)?.slice(othersFrom) ?? []
  const isWhole = linkId === null ? rows.length < limit || Number(position) === end.last : upTo === end.last
  return {
    items: await renderVisits(rows, ownerId, fragmentsOf(db), view),
    positions: rows.map((row) => Number(row[othersFrom])),
    position: isWhole ? end.last : Number(position),
    completeThrough: isWhole ? end.lastRecordedAt : instantOf(recordedAt ?? ''),
    isWhole,
  }
}

/**
 * Whether there is anything that a reader who has come so far does not know: visits, that some were blanked, or that it is another log
 * than the one that was read.
 */
export function hasMore(end: FeedEnd, { position, erased, epoch }: FeedPlace): boolean {
  return epoch !== end.epoch || position < end.last || erased < end.lastErased
}

/** The position, or the one before the first visit that is kept where that is later. */
export function keptAfter({ first }: FeedEnd, after: number): number {
  return Math.max(after, first - 1)
}

/** The position before the first visit recorded at or after a time. */
export async function positionBefore(db: Database, source: FeedSource, end: FeedEnd, since: Date): Promise<number> {
  const search = source.linkId === null ? searchAccount : searchLink
  const { rows } = await db.pool.query<{ low: string }>(
    search([source.ownerId, ...(source.linkId === null ? [] : [source.linkId]), end.first, end.last, since]),
  )
  return Number(rows[0]?.low ?? end.last + 1) - 1
}

const account = statement(
  `SELECT last_account_seq, last_recorded_at, revision, last_erased, ${currentEpoch} AS epoch FROM owners WHERE id = $1`,
)

/** As many visits of a link as one query gives. */
export const mostAtOnce = 1000

/** Visits of a link by number, oldest first. The bounds come through a join so that PostgreSQL plans once. */
export const oldestFirst = statement(`
SELECT ${visitColumns}, v.seq, v.recorded_at
FROM (SELECT $1::int8 AS owner, $2::int8 AS link, $3::int8 AS low, $4::int8 AS high OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.link_id = k.link AND v.seq BETWEEN k.low AND k.high
  ORDER BY v.seq LIMIT ${mostAtOnce}
) v ${recipientOf}
ORDER BY v.seq`)

/** Visits of a link that was deleted are out of sight before they are gone (removal.ts). Few links are ever on their way out. */
const ofAccount = statement(`
SELECT ${visitColumns}, v.account_seq, v.recorded_at
FROM (SELECT $1::int8 AS owner, $2::int8 AS low, $3::int8 AS high OFFSET 0) k
CROSS JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.account_seq > k.low AND v.account_seq <= k.high AND v.link_id <> ALL (ARRAY(
    SELECT l.id FROM links l WHERE l.user_id = $1 AND l.deleted_at IS NOT NULL AND l.removed_at IS NULL
  ))
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
