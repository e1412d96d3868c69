import type { PoolClient } from 'pg'
import { selectByMobile } from '../../recipients/mobile-search.js'
import { type Condition, type FilterName, searchOf } from '../filters.js'
import type { StatisticsSource } from './source.js'

type Test = (values: string) => string

/** Filters by what is each visit's own: an index finds the visits. */
const ofVisits: Partial<Record<FilterName, Test>> = { client_ip: (values) => `v.client_ip = ANY(${values}::inet[])` }

/** Filters by what is a recipient's. */
const ofRecipients: Partial<Record<FilterName, Test>> = {
  token: (values) => `r.token = ANY(${values}::text[])`,
  // Where no message is known, the wire shows the token.
  message_id: (values) =>
    `(r.message_id = ANY(${values}::text[]) OR r.message_id IS NULL AND r.token = ANY(${values}::text[]))`,
}

export const isPersonal = ({ name }: Condition) => name === 'mobile' || name in ofVisits || name in ofRecipients

/** Where a visit must be, and where it must not be. */
export interface PositionFilter {
  /** null: anywhere. */
  included: ReadonlySet<number> | null
  excluded: ReadonlySet<number>
}

/**
 * Positions of the visits that personal filters are about.
 *
 * @throws what isStatementTimeout recognises
 */
export async function findPositions(
  client: PoolClient,
  source: StatisticsSource,
  conditions: Condition[],
): Promise<PositionFilter> {
  let included: ReadonlySet<number> | null = null
  const excluded = new Set<number>()
  for (const condition of conditions) {
    if (condition.include.length > 0) {
      included = common(included, await positionsOf(client, source, condition, 'include'))
    }
    if (condition.exclude.length > 0) {
      for (const at of await positionsOf(client, source, condition, 'exclude')) excluded.add(at)
    }
  }
  return { included, excluded }
}

function common(before: ReadonlySet<number> | null, found: number[]): ReadonlySet<number> {
  return new Set(before === null ? found : found.filter((at) => before.has(at)))
}

async function positionsOf(
  client: PoolClient,
  { ownerId, linkId }: StatisticsSource,
  condition: Condition,
  side: 'include' | 'exclude',
): Promise<number[]> {
  const values: unknown[] = [ownerId]
  const bind = (value: unknown) => `$${values.push(value)}`
  const link = linkId === null ? null : bind(linkId)
  const ofLink = (column: string) => (link === null ? 'true' : `${column} = ${link}`)
  const position = linkId === null ? 'account_seq' : 'seq'
  const visits = (test: string) => `SELECT v.${position} AS position FROM visits v
    WHERE v.user_id = $1 AND v.link_id = k.link_id AND ${test} OFFSET 0`
  const ofVisit = ofVisits[condition.name]
  const text =
    ofVisit !== undefined
      ? `SELECT position FROM (SELECT id AS link_id FROM links WHERE user_id = $1 AND ${ofLink('id')} AND deleted_at IS NULL) k
         CROSS JOIN LATERAL (${visits(ofVisit(bind(condition[side])))}) found`
      : `SELECT position FROM (
           SELECT link_id, array_agg(id) AS ids FROM (${recipientsOf(condition, side, link, bind)}) r
           GROUP BY link_id
         ) k
         CROSS JOIN LATERAL (${visits('v.recipient_id = ANY(k.ids) AND v.recipient_id IS NOT NULL')}) found`
  const { rows } = await client.query<{ position: string }>(text, values)
  return rows.map((row) => Number(row.position))
}

function recipientsOf(
  condition: Condition,
  side: 'include' | 'exclude',
  link: string | null,
  bind: (value: unknown) => string,
): string {
  const columns = 'r.link_id, r.id'
  const ofRecipient = ofRecipients[condition.name]
  if (ofRecipient === undefined) return selectByMobile(columns, { link }, searchOf(condition, side), bind)
  const ofLink = link === null ? '' : `AND r.link_id = ${link}`
  return `SELECT ${columns} FROM recipients r WHERE r.user_id = $1 ${ofLink} AND ${ofRecipient(bind(condition[side]))}`
}
