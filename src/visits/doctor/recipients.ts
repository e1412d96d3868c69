import type { PoolClient } from 'pg'
import { statement } from '../../database/open.js'
import { type Counters, counterFinding, type Finding } from './finding.js'

export interface RecipientSummary {
  /** How many recipients a person's visit has reached. */
  reached: number
  lastId: number
  findings: Finding[]
}

/** Recipients of a link that are told one by one. */
const mostTold = 20

/**
 * Compares the counters of a link's recipients with their visits.
 *
 * @param isWhole the link has all visits that it ever had. Otherwise counters may be about visits that are gone: they
 *   are right or too low, never too high.
 * @param stepRecipients recipients that one statement compares with their visits
 * @param repair sets them as well
 */
export async function examineRecipients(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  isWhole: boolean,
  stepRecipients: number,
  repair: boolean,
): Promise<RecipientSummary> {
  const link = `link ${linkId} of owner ${ownerId}`
  const summary: RecipientSummary = { reached: 0, lastId: 0, findings: [] }
  let wrong = 0
  for (;;) {
    const range = [ownerId, linkId, summary.lastId, stepRecipients, isWhole]
    const { rows } = await client.query<Step>(compareStep([...range, mostTold - summary.findings.length]))
    const [step] = rows
    if (step === undefined || step.last === null) break
    if (repair && step.wrong > 0) await client.query(repairStep(range))
    for (const { id, found, expected } of step.told ?? []) {
      summary.findings.push(...counterFinding(`recipient ${id} of ${link}`, found, expected))
    }
    wrong += step.wrong
    summary.reached += step.reached
    summary.lastId = step.last
  }
  const untold = wrong - summary.findings.length
  if (untold > 0) {
    summary.findings.push({ where: link, problem: `${untold} more recipients have wrong counters`, isRepairable: true })
  }
  return summary
}

interface Step {
  last: number | null
  reached: number
  wrong: number
  told: { id: number; found: Counters; expected: Counters }[] | null
}

/** Recipients of one step with their counters and what these should be, as `found` and `expected`. */
const compared = `
  SELECT r.id,
    ROW(r.visits, r.human_visits, r.visited, r.first_visit, r.last_visit)::text AS has,
    ROW(e.visits, e.human_visits, e.human_visits > 0, e.first_visit, e.last_visit)::text AS should,
    json_build_object('visits', r.visits, 'human_visits', r.human_visits, 'visited', r.visited,
      'first_visit', r.first_visit, 'last_visit', r.last_visit) AS found,
    json_build_object('visits', e.visits, 'human_visits', e.human_visits, 'visited', e.human_visits > 0,
      'first_visit', e.first_visit, 'last_visit', e.last_visit) AS expected,
    e.*
  FROM (SELECT * FROM recipients WHERE user_id = $1 AND link_id = $2 AND id > $3 ORDER BY id LIMIT $4) r
  CROSS JOIN LATERAL (
    SELECT count(*) AS visits, count(human_seq) AS people,
      min(created_at) FILTER (WHERE human_seq IS NOT NULL) AS first, max(created_at) FILTER (WHERE human_seq IS NOT NULL) AS last
    FROM visits v WHERE v.user_id = $1 AND v.link_id = $2 AND v.recipient_id = r.id
  ) c
  CROSS JOIN LATERAL (
    SELECT
      CASE WHEN $5::bool THEN c.visits ELSE greatest(r.visits, c.visits) END AS visits,
      CASE WHEN $5 THEN c.people ELSE greatest(r.human_visits, c.people) END AS human_visits,
      CASE WHEN $5 THEN c.first ELSE least(r.first_visit, c.first) END AS first_visit,
      CASE WHEN $5 THEN c.last ELSE greatest(r.last_visit, c.last) END AS last_visit
  ) e`

const compareStep = statement(`
WITH compared AS MATERIALIZED (${compared})
SELECT max(id)::float8 AS last, (count(*) FILTER (WHERE human_visits > 0))::float8 AS reached,
  (count(*) FILTER (WHERE has <> should))::float8 AS wrong,
  (SELECT json_agg(json_build_object('id', id, 'found', found, 'expected', expected))
   FROM (SELECT * FROM compared WHERE has <> should ORDER BY id LIMIT $6) t) AS told
FROM compared`)

const repairStep = statement(`
UPDATE recipients r SET visits = c.visits, human_visits = c.human_visits, visited = c.human_visits > 0,
  first_visit = c.first_visit, last_visit = c.last_visit
FROM (${compared}) c
WHERE r.user_id = $1 AND r.link_id = $2 AND r.id = c.id AND c.has <> c.should`)
