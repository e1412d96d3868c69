import { type Database, statement } from '../database/open.js'
import type { Page, PageRequest } from '../http/paginate.js'
import { type Erasure, type ErasureRow, erasureColumns, erasureOf } from './erasure.js'

/** Past any list, but not past 2^53. */
const furthestPage = 2n ** 40n

/** Erasures of an owner, newest first: their ids have the time in front. Those that are not finished too. */
export async function pageOfErasures(db: Database, ownerId: number, request: PageRequest): Promise<Page<Erasure>> {
  const { number, perPage } = request
  const start = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const { rows } = await db.pool.query<{ total: string } & (ErasureRow | { id: null })>(
    erasuresPage([ownerId, start, perPage]),
  )
  return {
    number,
    perPage,
    total: Number(rows[0]?.total ?? 0),
    items: rows.flatMap((row) => (row.id === null ? [] : erasureOf(row))),
  }
}

const erasuresPage = statement(`
SELECT counted.total, page.*
FROM (SELECT count(*) AS total FROM erasures WHERE user_id = $1) counted
LEFT JOIN (
  SELECT ${erasureColumns} FROM erasures e WHERE e.user_id = $1 ORDER BY e.id DESC OFFSET $2::int8 LIMIT $3::int8
) page ON true
ORDER BY page.id DESC`)
