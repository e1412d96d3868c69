import type { LRUCache } from 'lru-cache'
import type { PoolClient } from 'pg'
import { anyOwner, type Database } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { growingCache } from '../growing-cache.js'
import { type PageRequest, pageBounds } from '../http/paginate.js'
import type { LinkPositions } from '../links/positions.js'
import { type MobileSearch, selectByMobile } from '../recipients/mobile-search.js'
import { type Condition, type FilterName, searchOf, type VisitFilters } from './filters.js'
import { isSuspected } from './suspects.js'

/** A filtered query that takes longer is ended, and answered with 503 (issue: never left to run). */
export const searchTimeoutMs = 5000

/** Counts of matching visits up to a position: the log only grows, so a later count adds what came since. */
const counts = new WeakMap<Database, Counts>()

/**
 * The visits of a page under filters, by number, and the exact total.
 *
 * @throws what isStatementTimeout recognises, when no index serves the filters well enough
 */
export async function filteredPage(
  db: Database,
  link: LinkPositions,
  filters: VisitFilters,
  request: PageRequest,
): Promise<{ total: number; seqs: number[] }> {
  const where = matching(link, filters)
  const kept = countsOf(db)
  const key = JSON.stringify([link.ownerId, link.id, link.epoch, link.revision, link.firstSeq, filters])
  return inTransaction(readerOf(db, link.ownerId), async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${searchTimeoutMs}`)
    const total = knownTotal(link, filters) ?? (await countedTotal(client, kept, key, where, link))
    const { start, end } = pageBounds(request, total)
    if (end <= start) return { total, seqs: [] }
    const page = await client.query<{ seq: string }>(pageQuery(where, filters.sort, total, start, end, link))
    return { total, seqs: page.rows.map(({ seq }) => Number(seq)) }
  })
}

/** Positions alone say how many people and bots there are. */
function knownTotal(link: LinkPositions, { conditions, from, to, bots }: VisitFilters): number | null {
  if (conditions.length > 0 || from !== null || to !== null) return null
  const all = link.visits - link.firstSeq + 1
  const people = link.humanVisits - link.firstHumanSeq + 1
  return { include: all, exclude: people, only: all - people }[bots]
}

async function countedTotal(
  client: PoolClient,
  kept: Counts,
  key: string,
  where: Where,
  link: LinkPositions,
): Promise<number> {
  const known = kept.get(key)
  const since = known !== undefined && known.upTo <= link.visits ? known : { upTo: link.firstSeq - 1, count: 0 }
  const counted = await client.query<{ count: string }>(
    `SELECT count(*) FROM visits v WHERE ${where.text} AND v.seq > $${where.values.length + 1}`,
    [...where.values, since.upTo],
  )
  const total = since.count + Number(counted.rows[0]?.count)
  if (known === undefined || known.upTo < link.visits) kept.set(key, { upTo: link.visits, count: total })
  return total
}

type Counts = LRUCache<string, { upTo: number; count: number }>

function countsOf(db: Database): Counts {
  const known = counts.get(db)
  if (known !== undefined) return known
  const made: Counts = growingCache(10_000)
  counts.set(db, made)
  return made
}

/** A page near the end is read from the end. */
function pageQuery(
  where: Where,
  sort: VisitFilters['sort'],
  total: number,
  start: number,
  end: number,
  link: LinkPositions,
) {
  const fromEnd = start > total / 2
  const wanted = sort === 'created_at' ? 'ASC' : 'DESC'
  const scanned = fromEnd === (wanted === 'ASC') ? 'DESC' : 'ASC'
  const order = (direction: string) =>
    sort === null ? `seq ${direction}` : `created_at ${direction}, seq ${direction}`
  const source = `SELECT v.seq, v.created_at FROM visits v WHERE ${where.text}`
  // Few matches in a long log: find them all by their index, then sort. Many: walk the log in its order until the page is full.
  const rare = total * 50 < link.visits - link.firstSeq
  const slice = `ORDER BY ${order(scanned)} LIMIT ${end - start} OFFSET ${fromEnd ? total - end : start}`
  const page = rare ? `WITH found AS MATERIALIZED (${source}) SELECT * FROM found ${slice}` : `${source} ${slice}`
  return { text: `SELECT seq FROM (${page}) page ORDER BY ${order(wanted)}`, values: where.values }
}

interface Where {
  text: string
  values: unknown[]
}

const anyLink = '(SELECT $2::int8)'

/** The condition on `visits v`; $1 is the owner, $2 the link, which is hidden from the planner too. */
export function matching(link: LinkPositions, { conditions, from, to, bots }: VisitFilters): Where {
  const values: unknown[] = [link.ownerId, link.id]
  const bind = (value: unknown) => `$${values.push(value)}`
  const texts = [
    `v.user_id = ${anyOwner} AND v.link_id = ${anyLink} AND v.seq BETWEEN ${bind(link.firstSeq)} AND ${bind(link.visits)}`,
    ...conditions.flatMap((condition) => conditionTexts(condition, bind)),
    ...(from === null ? [] : [`v.created_at >= ${bind(from)}`]),
    ...(to === null ? [] : [`v.created_at < ${bind(to)}`]),
    ...(bots === 'include' ? [] : [`v.human_seq IS ${bots === 'only' ? '' : 'NOT '}NULL`]),
  ]
  return { text: texts.join(' AND '), values }
}

type Bind = (value: unknown) => string

function conditionTexts(condition: Condition, bind: Bind): string[] {
  const { name, include, exclude } = condition
  const wanted = (side: 'include' | 'exclude') =>
    name === 'mobile' ? ofPeople(searchOf(condition, side), bind) : sources[name](bind(condition[side]))
  return [
    ...(include.length === 0 ? [] : [wanted('include')]),
    // What is not known is not the unwanted value.
    ...(exclude.length === 0 ? [] : [`(${wanted('exclude')}) IS NOT TRUE`]),
  ]
}

const ofPeople = (search: MobileSearch, bind: Bind) =>
  `v.recipient_id = ANY(ARRAY(${selectByMobile('r.id', { link: '$2' }, search, bind)}))`

const agent = (column: string) => (values: string) =>
  `v.user_agent_id = ANY(ARRAY(SELECT id FROM user_agents WHERE user_id = $1 AND ${column} = ANY(${values}::text[])))`

const place = (column: string) => (values: string) =>
  `v.place_id = ANY(ARRAY(SELECT id FROM places WHERE user_id = $1 AND ${column} = ANY(${values}::text[])))`

const recipient = (test: (values: string) => string) => (values: string) =>
  `v.recipient_id = ANY(ARRAY(SELECT id FROM recipients WHERE user_id = ${anyOwner} AND link_id = ${anyLink} AND ${test(`ANY(${values}::text[])`)}))`

/** Where each filter looks: the few entries of a dictionary first, then the visits that refer to them. */
const sources: Record<Exclude<FilterName, 'mobile'>, (values: string) => string> = {
  browser: agent('browser'),
  platform: agent('platform'),
  device_type: agent('device_type'),
  device_brand: agent('device_brand'),
  country_code: place('country_code'),
  region: place('region'),
  city: place('city'),
  browser_lang: (values) => `v.browser_lang = ANY(${values}::text[])`,
  host: (values) => `v.host = ANY(${values}::text[])`,
  token: recipient((values) => `token = ${values}`),
  // Where no message is known, the wire shows the token.
  message_id: recipient((values) => `(message_id = ${values} OR message_id IS NULL AND token = ${values})`),
  client_ip: (values) => `v.client_ip = ANY(${values}::inet[])`,
  suspect: (values) => `${isSuspected} AND v.options ->> 'suspect' = ANY(${values}::text[])`,
}
