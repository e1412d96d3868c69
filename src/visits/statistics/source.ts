import type { PoolClient } from 'pg'
import { currentEpoch } from '../../database/log-epoch.js'
import { statement } from '../../database/open.js'
import { notFound } from '../../http/errors.js'

/** A log that can be counted: one link's, or that of all links of an owner. */
export interface StatisticsSource {
  ownerId: number
  linkId: number | null
}

/** What changes with the visits that were recorded before. */
export interface LogVersion {
  /** How often some of them have changed or gone. */
  changes: number
  /** In which the positions were given (log-epoch.ts). */
  epoch: number
}

/** How a log is at the moment of reading: everything that its statistics depend on, but for the visits themselves. */
export interface SourceState extends LogVersion {
  /** The first position that is kept, and the last. */
  first: number
  last: number
  /** Whether no visit of a link has been removed for its age: counters of links count what is gone as well. */
  isWhole: boolean
  /** Raised by everything else that changes what is shown of visits, such as whom a recipient's token stands for. */
  revision: number
  /** Links that are not deleted, of an account. */
  links: number[] | null
  recipientsReached: number
  recipientsSent: number
}

/** @throws HttpError 404 for a link that is missing or foreign */
export async function readState(
  client: Pick<PoolClient, 'query'>,
  { ownerId, linkId }: StatisticsSource,
): Promise<SourceState> {
  if (linkId === null) {
    const { rows } = await client.query<StateRow & { links: number[] | null }>(accountState([ownerId]))
    const [row] = rows
    return row === undefined ? nothing : { ...stateOf(row), links: row.links ?? [] }
  }
  const { rows } = await client.query<StateRow>(linkState([ownerId, linkId]))
  const [row] = rows
  if (row === undefined) throw notFound()
  return { ...stateOf(row), links: null }
}

/** How often visits of a log that were recorded before have changed or gone, and in which epoch. */
export async function readVersion(
  client: Pick<PoolClient, 'query'>,
  { ownerId, linkId }: StatisticsSource,
): Promise<LogVersion> {
  const { rows } = await client.query<LogVersion>(selectVersion([ownerId, linkId ?? 0]))
  return rows[0] ?? { changes: 0, epoch: 0 }
}

interface StateRow {
  first: number
  last: number
  is_whole: boolean
  changes: number
  epoch: number
  revision: number
  reached: number
  sent: number
}

/** Of an owner who is not there. */
const nothing: SourceState = {
  first: 1,
  last: 0,
  isWhole: true,
  changes: 0,
  epoch: 0,
  revision: 0,
  links: [],
  recipientsReached: 0,
  recipientsSent: 0,
}

function stateOf(row: StateRow): Omit<SourceState, 'links'> {
  const { first, last, is_whole: isWhole, changes, epoch, revision, reached, sent } = row
  return { first, last, isWhole, changes, epoch, revision, recipientsReached: reached, recipientsSent: sent }
}

const changesOf = (log: string) =>
  `(SELECT coalesce(sum(count), 0) FROM log_changes WHERE user_id = $1 AND link_id IN (${log}, -1))::float8 AS changes`

const selectVersion = statement(`SELECT ${changesOf('$2')}, ${currentEpoch}::float8 AS epoch`)

const linkState = statement(`
SELECT first_seq::float8 AS first, visits::float8 AS last, first_seq = 1 AS is_whole, ${changesOf('$2')}, ${currentEpoch}::float8 AS epoch,
  revision::float8, reached::float8,  last_recipient::float8 AS sent
FROM links WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`)

const accountState = statement(`
SELECT coalesce((
    SELECT account_seq FROM visits WHERE user_id = $1 ORDER BY account_seq LIMIT 1
  ), o.last_account_seq + 1)::float8 AS first,
  o.last_account_seq::float8 AS last, coalesce(l.is_whole, true) AS is_whole, ${changesOf('0')},
  ${currentEpoch}::float8 AS epoch, o.revision::float8,
  coalesce(l.reached, 0)::float8 AS reached, coalesce(l.sent, 0)::float8 AS sent, l.links
FROM owners o
CROSS JOIN LATERAL (
  SELECT sum(reached) AS reached, sum(last_recipient) AS sent, array_agg(id::float8 ORDER BY id) AS links,
    bool_and(first_seq = 1) AS is_whole
  FROM links WHERE user_id = $1 AND deleted_at IS NULL
) l
WHERE o.id = $1`)
