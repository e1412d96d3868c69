import { anyOwner, type Database, statement } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { notFound } from '../http/errors.js'
import type { Page, PageRequest } from '../http/paginate.js'
import { leadsToMobile } from '../links/mobile-placeholder.js'
import type { MobileSearch } from './mobile-search.js'
import { selectByMobile } from './mobile-search.js'
import { type Recipient, type RecipientRow, recipientColumns, recipientOf } from './recipient.js'

export interface RecipientPage extends Page<Recipient> {
  /** Whether their tokens, opened, lead to an address with their number. */
  leadsToMobile: boolean
}

/**
 * Recipients of one link, newest first.
 *
 * Nothing is counted: recipients are numbered 1, 2, 3 … and the link knows how many it has and how many have opened it. The
 * whole list costs the same on every page; with `visited`, an index is walked up to the page.
 *
 * @param visited only those whom a person's visit has come from, or only those it has not; null for all
 * @throws HttpError 404 for a missing link and for one of somebody else
 */
export async function pageOfRecipients(
  db: Database,
  ownerId: number,
  linkId: number,
  request: PageRequest,
  visited: boolean | null,
): Promise<RecipientPage> {
  const { number, perPage } = request
  // Past any list, but not past 2^53.
  const start = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const query =
    visited === null
      ? wholeList([ownerId, linkId, start, perPage])
      : visitedList([ownerId, linkId, start, perPage, visited])
  const { rows } = await readerOf(db, ownerId).pool.query<PageRow>(query)
  return pageFrom(rows, request)
}

type PageRow = { total: string; leads_to_mobile: boolean } & (RecipientRow | { id: null })

function pageFrom(rows: PageRow[], { number, perPage }: PageRequest): RecipientPage {
  const [first] = rows
  if (first === undefined) throw notFound()
  return {
    number,
    perPage,
    total: Number(first.total),
    leadsToMobile: first.leads_to_mobile,
    items: rows.flatMap((row) => (row.id === null ? [] : recipientOf(row))),
  }
}

const furthestPage = 2n ** 40n

/** The same of those with a number: found by an index over all links of the owner, and few. */
export async function pageOfPerson(
  db: Database,
  ownerId: number,
  linkId: number,
  request: PageRequest,
  visited: boolean | null,
  search: MobileSearch,
): Promise<RecipientPage> {
  const { number, perPage } = request
  const start = (Number(number < furthestPage ? number : furthestPage) - 1) * perPage
  const values: unknown[] = [ownerId, linkId, start, perPage, visited]
  const found = selectByMobile(
    'r.id',
    { link: '$2', where: '($5::bool IS NULL OR r.visited = $5)' },
    search,
    (value) => `$${values.push(value)}`,
  )
  const { rows } = await readerOf(db, ownerId).pool.query<PageRow>(
    `WITH found AS MATERIALIZED (${found})
     SELECT (SELECT count(*) FROM found) AS total, ${leadsToMobile} AS leads_to_mobile, ${recipientColumns}
     FROM links l
     LEFT JOIN LATERAL (SELECT id FROM found ORDER BY id DESC OFFSET $3::int8 LIMIT $4::int8) page ON true
     LEFT JOIN recipients r ON r.user_id = ${anyOwner} AND r.link_id = $2 AND r.id = page.id
     WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL
     ORDER BY r.id DESC`,
    values,
  )
  return pageFrom(rows, request)
}

const wholeList = statement(`
SELECT l.last_recipient AS total, ${leadsToMobile} AS leads_to_mobile, ${recipientColumns}
FROM links l
LEFT JOIN recipients r ON r.user_id = ${anyOwner} AND r.link_id = $2
  AND r.id > l.last_recipient - $3::int8 - $4::int8 AND r.id <= l.last_recipient - $3::int8
WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL
ORDER BY r.id DESC`)

const visitedList = statement(`
SELECT CASE WHEN $5::bool THEN l.reached ELSE l.last_recipient - l.reached END AS total,
  ${leadsToMobile} AS leads_to_mobile, ${recipientColumns}
FROM links l
LEFT JOIN LATERAL (
  SELECT p.id FROM recipients p
  WHERE p.user_id = ${anyOwner} AND p.link_id = $2 AND p.visited = $5
  ORDER BY p.id DESC OFFSET $3::int8 LIMIT $4::int8
) page ON true
LEFT JOIN recipients r ON r.user_id = ${anyOwner} AND r.link_id = $2 AND r.id = page.id
WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL
ORDER BY r.id DESC`)
