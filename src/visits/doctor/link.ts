import type { PoolClient } from 'pg'
import { statement } from '../../database/open.js'
import { counterFinding, type Finding } from './finding.js'
import { examineRecipients } from './recipients.js'
import { higher, type RowSummary, summarizeRows } from './rows.js'

/**
 * Compares a link's counters, and those of its recipients, with its visits.
 *
 * @param client in a transaction that sees one state of the log; to repair, one that holds the owner's lock
 * @param stepRows rows that one statement reads
 * @param repair sets counters from the rows and raises the revisions of link and owner, since answers change
 */
export async function examineLink(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  { stepRows, repair }: { stepRows: number; repair: boolean },
): Promise<Finding[]> {
  const { rows } = await client.query<LinkCounters>(readLink([ownerId, linkId]))
  const [found] = rows
  if (found === undefined) return []
  const where = `link ${linkId} of owner ${ownerId}`
  const { summary, findings } = await summarizeRows(client, ownerId, linkId, stepRows)
  const numbers = expectedNumbers(found, summary)
  const isWhole = numbers.first_seq === 1
  const recipients = await examineRecipients(client, ownerId, linkId, isWhole, Math.ceil(stepRows / 20), repair)
  const expected: LinkCounters = {
    ...numbers,
    // Never lowered: the number of a recipient that is gone must not be given again.
    last_recipient: Math.max(found.last_recipient, recipients.lastId),
    reached: recipients.reached,
    last_visited: isWhole ? summary.last_visited : higher(found.last_visited, summary.last_visited),
    last_recorded_at:
      isWhole || summary.number > 0
        ? summary.last_recorded_at
        : higher(found.last_recorded_at, summary.last_recorded_at),
  }
  if (isWhole && summary.first_human !== null && summary.first_human > 1) {
    const problem = `numbers of people begin at ${summary.first_human}: restore what is missing from a backup`
    findings.push({ where, problem, isRepairable: false })
  }
  const wrong = [...counterFinding(where, found, expected), ...recipients.findings]
  if (repair && wrong.length > 0) await client.query(repairLink([ownerId, linkId, ...Object.values(expected)]))
  return [...findings, ...wrong]
}

/** In the order of `repairLink`. */
interface LinkNumbers extends Record<string, number | Date | null> {
  visits: number
  first_seq: number
  human_visits: number
  first_human_seq: number
}

interface LinkCounters extends LinkNumbers {
  last_recipient: number
  reached: number
  last_visited: Date | null
  last_recorded_at: Date | null
}

/** Where there are no rows the counter stays and all before it counts as gone, so that no number is given twice. */
function expectedNumbers(found: LinkCounters, rows: RowSummary): LinkNumbers {
  const visits = rows.last ?? found.visits
  const first = rows.first ?? visits + 1
  const humans = rows.last_human ?? (first === 1 ? 0 : Math.min(found.human_visits, visits))
  return { visits, first_seq: first, human_visits: humans, first_human_seq: rows.first_human ?? humans + 1 }
}

/** A link whose visits are being removed changes from step to step, and is nobody's any more. */
const readLink = statement(`
SELECT visits::float8, first_seq::float8, human_visits::float8, first_human_seq::float8, last_recipient::float8,
  reached::float8, last_visited, last_recorded_at
FROM links WHERE user_id = $1 AND id = $2 AND (deleted_at IS NULL OR removed_at IS NOT NULL)`)

const repairLink = statement(`
WITH owner AS (UPDATE owners SET revision = revision + 1 WHERE id = $1)
UPDATE links SET visits = $3, first_seq = $4, human_visits = $5, first_human_seq = $6, last_recipient = $7, reached = $8,
  last_visited = $9, last_recorded_at = $10, revision = revision + 1
WHERE user_id = $1 AND id = $2`)
