import { type Database, statement } from '../database/open.js'
import type { Page, PageRequest } from '../http/paginate.js'
import { type StoredToken, storedToken, type TokenRow, tokenColumns } from './stored-token.js'

/** Past any list, but not past 2^53. */
const furthestPage = 2n ** 40n

/** Tokens of an owner, newest first: their ids have the time in front. Revoked and expired ones too. */
export async function pageOfTokens(db: Database, ownerId: number, request: PageRequest): Promise<Page<StoredToken>> {
  const { number, perPage } = request
  const start = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const { rows } = await db.pool.query<{ total: string } & (TokenRow | { id: null })>(
    tokensPage([ownerId, start, perPage]),
  )
  return {
    number,
    perPage,
    total: Number(rows[0]?.total ?? 0),
    items: rows.flatMap((row) => (row.id === null ? [] : storedToken(row))),
  }
}

/** The same, all of them. */
export async function listTokens(db: Database, ownerId: number): Promise<StoredToken[]> {
  const { rows } = await db.pool.query<TokenRow>(allTokens([ownerId]))
  return rows.map(storedToken)
}

const allTokens = statement(`SELECT ${tokenColumns} FROM access_tokens t WHERE t.user_id = $1 ORDER BY t.id DESC`)

const tokensPage = statement(`
SELECT counted.total, page.*
FROM (SELECT count(*) AS total FROM access_tokens WHERE user_id = $1) counted
LEFT JOIN (
  SELECT ${tokenColumns} FROM access_tokens t WHERE t.user_id = $1 ORDER BY t.id DESC OFFSET $2::int8 LIMIT $3::int8
) page ON true
ORDER BY page.id DESC`)
