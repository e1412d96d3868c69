import { type Database, statement } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { endpointOf } from './endpoints.js'
import { idBefore, minuteMs } from './read-id.js'

/** Which reads are wanted; null where anything is. */
export interface ReadChoice {
  tokenId: string | null
  linkId: number | null
  from: Date | null
  to: Date | null
  /** Id of the last one that is not to be shown again. */
  after: string | null
  most: number
}

/** A read as the wire shows it. */
export interface ReadResource {
  id: string
  token_id: string | null
  token_name: string | null
  operation: string
  endpoint: string | null
  link_id: number | null
  first_position: number | null
  last_position: number | null
  answers: number
  rows: number
  filters: string[]
  masked: boolean
  first_at: string
  last_at: string
}

export interface ReadSlice {
  items: ReadResource[]
  /** Where the next slice begins; null: there is none. */
  cursor: string | null
}

/** Reads of an owner's data, newest minute first. Not counted: there may be very many. */
export async function sliceOfReads(db: Database, ownerId: number, choice: ReadChoice): Promise<ReadSlice> {
  const { tokenId, linkId, from, to, after, most } = choice
  const list = lists[tokenId === null ? 'any' : 'token'][linkId === null ? 'any' : 'link']
  const bounds = [after ?? lastId, from === null ? firstId : idBefore(from.getTime())]
  const end = to === null ? lastId : idBefore(to.getTime() + minuteMs)
  const chosen = [tokenId, linkId].filter((value) => value !== null)
  const { rows } = await readerOf(db, ownerId).pool.query<ReadResource>(
    list([ownerId, ...bounds, end, from ?? '-infinity', to ?? 'infinity', most + 1, ...chosen]),
  )
  const items = rows.slice(0, most)
  const cursor = rows.length > most ? (items.at(-1)?.id ?? null) : null
  return { items: items.map((row) => ({ ...row, endpoint: endpointOf(row.operation) })), cursor }
}

const firstId = '00000000-0000-0000-0000-000000000000'
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const iso = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// The name of a token is looked up for each, by its key: OFFSET 0.
const slice = (condition: string) =>
  statement(`
SELECT r.id, r.token_id, t.name AS token_name, r.operation, NULL AS endpoint, r.link_id::float8,
  r.first_position::float8, r.last_position::float8, r.answers::float8, r.rows::float8, r.filters, r.masked,
  ${iso('r.first_at')} AS first_at, ${iso('r.last_at')} AS last_at
FROM reads r
LEFT JOIN LATERAL (SELECT name FROM access_tokens t WHERE t.user_id = $1 AND t.id = r.token_id OFFSET 0) t ON true
WHERE r.user_id = $1 AND r.id < $2 AND r.id >= $3 AND r.id < $4
  AND r.last_at >= $5::timestamptz AND r.first_at < $6::timestamptz ${condition}
ORDER BY r.id DESC LIMIT $7`)

const lists = {
  any: { any: slice(''), link: slice('AND r.link_id = $8') },
  token: { any: slice('AND r.token_id = $8'), link: slice('AND r.token_id = $8 AND r.link_id = $9') },
}
