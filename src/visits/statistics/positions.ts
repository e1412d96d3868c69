import type { PoolClient } from 'pg'
import type { Condition, FilterName } from '../filters.js'
import type { StatisticsSource } from './source.js'

/** Filters by what is each visit's own, or its recipient's: an index finds the visits. */
const personal: Partial<Record<FilterName, { of: 'recipients' | 'visits'; test: (values: string) => string }>> = {
  token: { of: 'recipients', test: (values) => `token = ANY(${values}::text[])` },
  // Where no message is known, the wire shows the token.
  message_id: {
    of: 'recipients',
    test: (values) => `(message_id = ANY(${values}::text[]) OR message_id IS NULL AND token = ANY(${values}::text[]))`,
  },
  mobile: { of: 'recipients', test: (values) => `mobile = ANY(${values}::text[])` },
  client_ip: { of: 'visits', test: (values) => `client_ip = ANY(${values}::inet[])` },
}

export const isPersonal = ({ name }: Condition) => name in personal

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
  for (const { name, include, exclude } of conditions) {
    if (include.length > 0) included = common(included, await positionsOf(client, source, name, include))
    if (exclude.length > 0) for (const at of await positionsOf(client, source, name, exclude)) excluded.add(at)
  }
  return { included, excluded }
}

function common(before: ReadonlySet<number> | null, found: number[]): ReadonlySet<number> {
  return new Set(before === null ? found : found.filter((at) => before.has(at)))
}

async function positionsOf(
  client: PoolClient,
  { ownerId, linkId }: StatisticsSource,
  name: FilterName,
  values: string[],
): Promise<number[]> {
  const { of, test } = personal[name] ?? { of: 'visits', test: () => 'false' }
  const position = linkId === null ? 'account_seq' : 'seq'
  const ofLink = (column: string) => (linkId === null ? '' : `AND ${column} = $3`)
  const visits = (condition: string) => `SELECT v.${position} AS position FROM visits v
    WHERE v.user_id = $1 AND v.link_id = k.link_id AND ${condition} OFFSET 0`
  const text =
    of === 'visits'
      ? `SELECT position FROM (SELECT id AS link_id FROM links WHERE user_id = $1 ${ofLink('id')} AND deleted_at IS NULL) k
         CROSS JOIN LATERAL (${visits(`v.${test('$2')}`)}) found`
      : `SELECT position FROM (
           SELECT link_id, array_agg(id) AS ids FROM recipients
           WHERE user_id = $1 ${ofLink('link_id')} AND ${test('$2')} GROUP BY link_id
         ) k
         CROSS JOIN LATERAL (${visits('v.recipient_id = ANY(k.ids) AND v.recipient_id IS NOT NULL')}) found`
  const { rows } = await client.query<{ position: string }>(text, [
    ownerId,
    values,
    ...(linkId === null ? [] : [linkId]),
  ])
  return rows.map((row) => Number(row.position))
}
