import { nothingShown, type Shown, shownOf } from '../audit/read.js'
import { anyOwner, asTexts, type Database, statement } from '../database/open.js'
import { Pipeline } from '../database/pipeline.js'
import { SharedReads } from '../database/shared-reads.js'
import { type LinkKey, type LinkPositions, numbersOf, positionsColumn, positionsOf } from '../links/positions.js'
import { fragmentsOf } from './fragments.js'
import { othersFrom, recipientOf, renderVisits, type VisitRow, type VisitView, visitColumns } from './resource.js'

/** Which number of a visit a slice counts by. */
export type Numbering = 'seq' | 'human_seq'

/** The visits of a link below the `skip` newest, no more than a page of them. */
export interface Slice extends LinkKey {
  /** The number that counts as the newest; null, or a number that the link has not reached: the newest there is. */
  newest: number | null
  skip: number
  take: number
}

/** A slice as JSON, newest first, and its link as it was at the same moment; null where the owner has no such link. */
export async function visitSlice(
  db: Database,
  numbering: Numbering,
  slice: Slice,
  view: VisitView,
): Promise<{ link: LinkPositions; items: string[]; shown: Shown } | null> {
  const found = await sliceReadsOf(db)[numbering].find(slice)
  if (found === null) return null
  const link = positionsOf({ ownerId: slice.ownerId, id: slice.id }, found.positions)
  const items = await renderVisits(found.rows, slice.ownerId, fragmentsOf(db), view)
  return { link, items, shown: shownIn(found.rows) }
}

/** Visits of a link with these numbers as JSON, in their order. */
export async function visitList(
  db: Database,
  link: LinkPositions,
  seqs: number[],
  view: VisitView,
): Promise<{ items: string[]; shown: Shown }> {
  if (seqs.length === 0) return { items: [], shown: nothingShown }
  const { rows } = await db.pool.query<VisitRow>(asTexts(listed([link.ownerId, link.id, seqs])))
  const rendered = await renderVisits(rows, link.ownerId, fragmentsOf(db), view)
  const bySeq = new Map(rows.map((row, index) => [Number(row[othersFrom]), rendered[index] ?? '']))
  return { items: seqs.flatMap((seq) => bySeq.get(seq) ?? []), shown: shownOf([...bySeq.keys()]) }
}

/** Of a slice: newest first, the position behind what tells which slice it is. */
function shownIn(rows: VisitRow[]): Shown {
  const [newest, oldest] = [rows[0], rows.at(-1)]
  if (newest === undefined || oldest === undefined) return nothingShown
  return { rows: rows.length, first: Number(oldest[seqAt]), last: Number(newest[seqAt]) }
}

const seqAt = othersFrom + 1

interface FoundSlice {
  /** Of the link, as `positionsOf` reads them. */
  positions: number[]
  rows: VisitRow[]
}

type SliceReads = Record<Numbering, SharedReads<Slice, FoundSlice | null>>

const reads = new WeakMap<Database, SliceReads>()

function sliceReadsOf(db: Database): SliceReads {
  const known = reads.get(db)
  if (known !== undefined) return known
  const made = { seq: sliceReads(db, 'seq'), human_seq: sliceReads(db, 'human_seq') }
  reads.set(db, made)
  return made
}

/** Slices of all requests of a moment, read together. Not too many of them: nobody gets theirs before the last is there. */
function sliceReads(db: Database, numbering: Numbering): SharedReads<Slice, FoundSlice | null> {
  const slices = slicesBy(numbering)
  const pipeline = new Pipeline(db)
  const read = async (asked: Slice[]) => {
    const columns = ['ownerId', 'id', 'newest', 'skip', 'take'] as const
    const values = columns.map((column) => asked.map((slice) => slice[column]))
    const { rows } = await pipeline.query<VisitRow>(asTexts(slices(values)))
    return slicesOf(rows, asked.length)
  }
  return new SharedReads({ read, most: 16, mostInFlight: 3 })
}

/** Rows of `slicesBy`: the first of each slice tells which it is. */
function slicesOf(rows: VisitRow[], count: number): (FoundSlice | null)[] {
  const slices = Array.from({ length: count }, (): FoundSlice | null => null)
  let slice: FoundSlice = { positions: [], rows: [] }
  for (const row of rows) {
    const head = row[othersFrom]
    if (head != null) {
      const [nth = 0, ...positions] = numbersOf(head)
      slice = { positions, rows: [] }
      slices[nth - 1] = slice
    }
    if (row[0] !== null) slice.rows.push(row)
  }
  return slices
}

/** The largest page. */
const mostRows = 100

const endsOf: Record<Numbering, [oldest: string, newest: string]> = {
  seq: ['first_seq', 'visits'],
  human_seq: ['first_human_seq', 'human_visits'],
}

// The bounds reach the visits through a join, and their number is hidden from the planner, so that PostgreSQL plans once
// and not for each request. Numbers have no gaps, so the first row of a slice is the one with its highest number; an empty
// slice has one row without a visit.
const slicesBy = (numbering: Numbering) => {
  const [oldest, newest] = endsOf[numbering]
  return statement(`
SELECT ${visitColumns},
  CASE WHEN v.${numbering} IS NULL OR v.${numbering} = l.high THEN array_prepend(k.nth, l.positions) END, v.seq
FROM unnest((SELECT $1::int8[]), (SELECT $2::int8[]), (SELECT $3::int8[]), (SELECT $4::int8[]), (SELECT $5::int8[]))
  WITH ORDINALITY AS k (owner, link, newest, skip, take, nth)
CROSS JOIN LATERAL (
  SELECT ${positionsColumn} AS positions, ${oldest} AS oldest, least(k.newest, ${newest}) - k.skip AS high
  FROM links WHERE user_id = k.owner AND id = k.link AND deleted_at IS NULL OFFSET 0
) l
LEFT JOIN LATERAL (
  SELECT * FROM visits v
  WHERE v.user_id = k.owner AND v.link_id = k.link
    AND v.${numbering} BETWEEN greatest(l.oldest, l.high - k.take + 1) AND l.high
  ORDER BY v.${numbering} DESC LIMIT ${mostRows}
) v ON true ${recipientOf}
ORDER BY k.nth, v.${numbering} DESC`)
}

const listed = statement(`
SELECT ${visitColumns}, v.seq FROM visits v ${recipientOf}
WHERE v.user_id = ${anyOwner} AND v.link_id = $2 AND v.seq = ANY($3::int8[])`)
