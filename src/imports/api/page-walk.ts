/** Walks a list that shows its newest items first, and grows while one walks, from its oldest item on. */

import type { Reached } from '../memory.js'

export interface ListPage<Row> {
  rows: Row[]
  /** As the answer says: fewer than this many rows end the list. */
  perPage: number
  total: number
}

export interface Block<Row> {
  /** Oldest first. */
  rows: Row[]
  /** Once these are copied. */
  reached: Reached
  total: number
}

/** What was reached is not where it should be, by far. */
export class LostPlace extends Error {
  override message = 'The pages of a list do not agree with its total.'
}

/**
 * The rows after what was reached, oldest first, in blocks that leave no gap.
 *
 * Pages of a block are read from newer to older ones: what is added meanwhile pushes rows on to pages that are still to come, so
 * a row may come twice, but none is passed over. A block goes on until it has met the newest row of the one before. So page
 * numbers and totals only say where to look; nothing depends on their being exact.
 *
 * @param mostRows of a block, about
 * @throws LostPlace: start anew, from nothing reached
 */
export async function* oldestFirst<Row extends { id: string }>(
  readPage: (number: number) => Promise<ListPage<Row>>,
  start: Reached,
  mostRows: number,
): AsyncGenerator<Block<Row>> {
  let reached = start
  let first: ListPage<Row> | null = await readPage(1)
  for (let { perPage, total } = first; ; ) {
    const pages = Math.max(2, Math.floor(mostRows / perPage))
    const pageOfAnchor = Math.floor(Math.max(total - reached.copied, 0) / perPage) + 1
    const number = Math.max(1, pageOfAnchor - pages + 1)
    const newest = number === 1 && first !== null ? first : await readPage(number)
    first = null
    const rows = await readDown(readPage, newest, number, reached.anchor, number + pages * 4)
    perPage = newest.perPage
    total = newest.total
    const copied = Math.max(total - (number - 1) * perPage, 0)
    reached = { anchor: rows[0]?.id ?? reached.anchor, copied }
    yield { rows: rows.reverse(), reached, total }
    if (number === 1) return
  }
}

/** Rows of a page and of older ones, newest first and each once, down to the anchor or the end of the list. */
async function readDown<Row extends { id: string }>(
  readPage: (number: number) => Promise<ListPage<Row>>,
  newest: ListPage<Row>,
  number: number,
  anchor: string | null,
  furthest: number,
): Promise<Row[]> {
  const rows = new Map<string, Row>()
  for (let page = newest, at = number; ; page = await readPage(++at)) {
    for (const row of page.rows) {
      if (row.id === anchor) return [...rows.values()]
      // More than a page has come meanwhile: what was read since is newer than the block, and its turn will come.
      if (row.id === newest.rows[0]?.id) rows.clear()
      if (!rows.has(row.id)) rows.set(row.id, row)
    }
    // The end: what was reached may have been removed since.
    if (page.rows.length < page.perPage) return [...rows.values()]
    if (at === furthest) throw new LostPlace()
  }
}
