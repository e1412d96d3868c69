import type { Database } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import type { Page, PageRequest } from '../http/paginate.js'
import { conditionOf, type LinkFilters } from './filters.js'
import { type LinkRow, linkColumns } from './resource.js'

/** A list that takes longer is ended, and answered with 503. */
const listTimeoutMs = 5000

/** Past any list, but not past 2^53. */
const furthestPage = 2n ** 40n

/**
 * Links of an owner, newest first.
 *
 * Items and total are from one statement, so they are of one moment. Links are counted, unlike visits: an owner has thousands
 * of them, and deleting one leaves a gap in their numbers.
 *
 * @param zone of `last_visited`
 * @throws what isStatementTimeout recognises
 */
export async function pageOfLinks(
  db: Database,
  ownerId: number,
  filters: LinkFilters,
  request: PageRequest,
  zone: string,
): Promise<Page<LinkRow>> {
  const { number, perPage } = request
  const start = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const { text: condition, values } = conditionOf(ownerId, filters)
  const [zoneAt, offset, limit] = [1, 2, 3].map((nth) => `$${values.length + nth}`)
  const text = `
SELECT counted.total, page.*
FROM (SELECT count(*) AS total FROM links l WHERE ${condition}) counted
LEFT JOIN (
  SELECT ${linkColumns(String(zoneAt))} FROM links l WHERE ${condition}
  ORDER BY l.id DESC OFFSET ${offset}::int8 LIMIT ${limit}::int8
) page ON true
ORDER BY page.id DESC`
  const { rows } = await inTransaction(readerOf(db, ownerId), async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${listTimeoutMs}`)
    return client.query<{ total: string } & (LinkRow | { id: null })>(text, [...values, zone, start, perPage])
  })
  return {
    number,
    perPage,
    total: Number(rows[0]?.total ?? 0),
    items: rows.flatMap((row) => (row.id === null ? [] : row)),
  }
}
