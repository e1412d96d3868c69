import type { PoolClient, QueryResult } from 'pg'
import { anyOwner, statement } from '../../database/open.js'
import type { Finding } from './finding.js'

/** What the rows of a link say. */
export interface RowSummary {
  number: number
  /** Lowest and highest numbers; null without such rows. */
  first: number | null
  last: number | null
  first_human: number | null
  last_human: number | null
  last_visited: Date | null
  last_recorded_at: Date | null
}

/**
 * Reads all visits of a link.
 *
 * @param stepRows rows that one statement reads: a long link takes time, not memory
 * @returns with what is wrong with the rows themselves, which no counter could mend
 */
export async function summarizeRows(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  stepRows: number,
): Promise<{ summary: RowSummary; findings: Finding[] }> {
  let all: Step | null = null
  for (;;) {
    const { rows }: QueryResult<Step> = await client.query(readStep([ownerId, linkId, stepRows, ...endOf(all)]))
    const step: Step | undefined = rows[0]
    if (step === undefined) throw new Error('an aggregate has one row')
    all = all === null ? step : joined(all, step)
    if (step.number < stepRows)
      return { summary: all, findings: rowFindings(`link ${linkId} of owner ${ownerId}`, all) }
  }
}

interface Step extends RowSummary {
  last_account: number | null
  /** Numbers left out, and the first of them. */
  missing: number
  first_missing: number | null
  missing_humans: number
  first_missing_human: number | null
  /** Visits whose number of people, position in the account or time of recording goes back. */
  backward: number
  /** References to rows that are not there. */
  no_agent: number
  no_place: number
  no_recipient: number
}

function endOf(all: Step | null): unknown[] {
  return [all?.last, all?.last_human, all?.last_account, all?.last_recorded_at].map((end) => end ?? null)
}

function joined(before: Step, step: Step): Step {
  return {
    number: before.number + step.number,
    first: before.first ?? step.first,
    last: step.last ?? before.last,
    first_human: before.first_human ?? step.first_human,
    last_human: higher(before.last_human, step.last_human),
    last_account: higher(before.last_account, step.last_account),
    last_visited: higher(before.last_visited, step.last_visited),
    last_recorded_at: higher(before.last_recorded_at, step.last_recorded_at),
    missing: before.missing + step.missing,
    first_missing: before.first_missing ?? step.first_missing,
    missing_humans: before.missing_humans + step.missing_humans,
    first_missing_human: before.first_missing_human ?? step.first_missing_human,
    backward: before.backward + step.backward,
    no_agent: before.no_agent + step.no_agent,
    no_place: before.no_place + step.no_place,
    no_recipient: before.no_recipient + step.no_recipient,
  }
}

/** The higher of two numbers or the later of two times; null is below all. */
export function higher<T extends number | Date>(a: T | null, b: T | null): T | null {
  return a !== null && (b === null || a > b) ? a : b
}

function rowFindings(where: string, all: Step): Finding[] {
  const missing = (count: number, first: number | null, what: string) =>
    count > 0 && `${count} ${what} missing, the first ${first}: restore them from a backup, they are never renumbered`
  const dangling = (count: number, what: string) => count > 0 && `${count} visits refer to a ${what} that is not there`
  const problems = [
    missing(all.missing, all.first_missing, 'visits are'),
    missing(all.missing_humans, all.first_missing_human, 'numbers of people are'),
    all.backward > 0 && `${all.backward} visits are not in the order of recording`,
    dangling(all.no_agent, 'user agent'),
    dangling(all.no_place, 'place'),
    dangling(all.no_recipient, 'recipient'),
  ]
  return problems.filter((problem) => problem !== false).map((problem) => ({ where, problem, isRepairable: false }))
}

/** $4 to $7: the highest number, number of people, position and time that earlier steps reached. */
const readStep = statement(`
SELECT count(*)::float8 AS number, min(seq)::float8 AS first, max(seq)::float8 AS last,
  min(human_seq)::float8 AS first_human, max(human_seq)::float8 AS last_human, max(account_seq)::float8 AS last_account,
  max(v.created_at) AS last_visited, max(recorded_at) AS last_recorded_at,
  coalesce(sum(seq - seq_before - 1), 0)::float8 AS missing,
  (min(seq_before) FILTER (WHERE seq > seq_before + 1) + 1)::float8 AS first_missing,
  coalesce(sum(human_seq - human_before - 1) FILTER (WHERE human_seq > human_before), 0)::float8 AS missing_humans,
  (min(human_before) FILTER (WHERE human_seq > human_before + 1) + 1)::float8 AS first_missing_human,
  count(*) FILTER (
    WHERE human_seq <= human_before OR account_seq <= account_before OR recorded_at < recorded_before
  )::float8 AS backward,
  count(*) FILTER (WHERE a.id IS NULL)::float8 AS no_agent,
  count(*) FILTER (WHERE v.place_id IS NOT NULL AND p.id IS NULL)::float8 AS no_place,
  count(*) FILTER (WHERE v.recipient_id IS NOT NULL AND r.id IS NULL)::float8 AS no_recipient
FROM (
  SELECT *,
    coalesce(lag(seq) OVER (ORDER BY seq), $4) AS seq_before,
    greatest(max(human_seq) OVER earlier, $5) AS human_before,
    greatest(max(account_seq) OVER earlier, $6) AS account_before,
    greatest(max(recorded_at) OVER earlier, $7) AS recorded_before
  FROM (
    SELECT * FROM visits WHERE user_id = $1 AND link_id = $2 AND seq > coalesce($4::int8, -1) ORDER BY seq LIMIT $3
  ) step
  WINDOW earlier AS (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) v
LEFT JOIN user_agents a ON a.user_id = ${anyOwner} AND a.id = v.user_agent_id
LEFT JOIN places p ON p.user_id = ${anyOwner} AND p.id = v.place_id
LEFT JOIN recipients r ON r.user_id = ${anyOwner} AND r.link_id = $2 AND r.id = v.recipient_id`)
