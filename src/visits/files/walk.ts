import { type Shown, shownOf } from '../../audit/read.js'
import { asTexts, type Database } from '../../database/open.js'
import { readerOf } from '../../database/owner-share.js'
import { inTransaction } from '../../database/transaction.js'
import type { LinkPositions } from '../../links/positions.js'
import { oldestFirst } from '../feed.js'
import { matching, searchTimeoutMs } from '../filtered.js'
import type { VisitFilters } from '../filters.js'
import { fragmentsOf } from '../fragments.js'
import { whereReached } from '../reached.js'
import { othersFrom, recipientOf, renderVisits, type VisitRow, type VisitView, visitColumns } from '../resource.js'

/** Visits that follow each other. */
export interface WalkBatch {
  /** Oldest first, as JSON. */
  rows: string[]
  shown: Shown
  /** Everything up to here has been looked at. */
  position: number
}

/** Asking costs little beside making the rows, and some batches of the longest rows fit in memory. */
export const mostRows = 250
/** How many visits one search for matching ones may look at: each stays short, however few match. */
const searchedAtOnce = 20_000

/**
 * The matching visits of a link after a position, in the order of recording, up to `link.visits`. Numbers have no gaps and
 * rows do not move, so a walk may stop anywhere and go on later, in another process too.
 *
 * Between two batches it holds no connection and no snapshot. The next batch is read while the last one is used, and no
 * more than that: a slow reader slows the walk down.
 *
 * @param rowsAtOnce asked before each batch: how many visits it has, where none are searched for
 */
export function walkVisits(
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  after: number,
  view: VisitView,
  rowsAtOnce = () => mostRows,
): AsyncGenerator<WalkBatch> {
  const read = isEverything(filters) ? readRange : readMatching
  async function* batches() {
    for (let low = Math.max(after + 1, link.firstSeq); low <= link.visits; ) {
      const rest = { ...link, firstSeq: low }
      const rowsNow = rowsAtOnce()
      const batch = await whereReached(db, link, (from) => read(from, rest, filters, view, rowsNow))
      yield batch
      low = batch.position + 1
    }
  }
  return oneAhead(batches())
}

function isEverything({ conditions, from, to, bots }: VisitFilters): boolean {
  return conditions.length === 0 && from === null && to === null && bots === 'include'
}

/** The first visits from `link.firstSeq` on, no more than `most`. */
type ReadBatch = (
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  view: VisitView,
  most: number,
) => Promise<WalkBatch>

const readRange: ReadBatch = async (db, link, _, view, most) => {
  const position = Math.min(link.firstSeq + most - 1, link.visits)
  const query = oldestFirst([link.ownerId, link.id, link.firstSeq, position])
  const { rows } = await readerOf(db, link.ownerId).pool.query<VisitRow>(asTexts(query))
  return { rows: await renderVisits(rows, link.ownerId, fragmentsOf(db), view), shown: shownIn(rows), position }
}

// One search is as much work as many rows, so it is not cut smaller.
const readMatching: ReadBatch = async (db, link, filters, view) => {
  const position = Math.min(link.firstSeq + searchedAtOnce - 1, link.visits)
  const where = matching({ ...link, visits: position }, filters)
  // Rows are made of the visits found, not of all that were looked at.
  const text = `SELECT ${visitColumns}, v.seq
    FROM (SELECT * FROM visits v WHERE ${where.text} ORDER BY v.seq LIMIT ${mostRows}) v ${recipientOf} ORDER BY v.seq`
  const { rows } = await inTransaction(readerOf(db, link.ownerId), async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${searchTimeoutMs}`)
    return client.query<VisitRow>(asTexts({ text, values: where.values }))
  })
  const last = rows.length < mostRows ? undefined : rows.at(-1)
  return {
    rows: await renderVisits(rows, link.ownerId, fragmentsOf(db), view),
    shown: shownIn(rows),
    position: last === undefined ? position : Number(last[othersFrom]),
  }
}

const shownIn = (rows: VisitRow[]) => shownOf(rows.map((row) => Number(row[othersFrom])))

async function* oneAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const ask = () => {
    const result = source.next()
    // It is awaited in the next round, or never when the reader has gone.
    result.catch(() => {})
    return result
  }
  try {
    for (let next = ask(); ; ) {
      const result = await next
      if (result.done) return
      next = ask()
      yield result.value
    }
  } finally {
    await source.return()
  }
}
