import { type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'

export interface ErasureRemovalOptions {
  db: Database
  /** How long it is kept who erased whom, as it is who read personal data. */
  auditDays: number
  log: { error(fields: object, message: string): void }
}

/** Days are what it is about. */
const lookEveryMs = 3_600_000

/** A few dozen milliseconds of work. */
const rowsOfStep = 2000

/** Removes records of erasures that have been kept for long enough, at the start and every hour. What was blanked stays blank. */
export function openErasureRemoval({ db, auditDays, log }: ErasureRemovalOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    round: (allOf) => allOf(() => removeOldErasures(db, auditDays)),
    onError: (error) => log.error({ err: error }, 'records of erasures that are too old could not be removed'),
  })
}

/**
 * One step, of one owner. Those that are not finished stay: the next request for the number goes on with them.
 *
 * @returns whether there was anything to do
 */
export async function removeOldErasures(db: Database, auditDays: number, rows: number = rowsOfStep): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const { rows: found } = await client.query<{ id: string }>(ownerWithOld([auditDays]))
    const [owner] = found
    if (owner === undefined) return false
    await client.query(removeOld([auditDays, owner.id, rows]))
    return true
  })
}

const isOld = `erased_at <= now() - $1::int4 * interval '1 day'`

const ownerWithOld = statement(`
SELECT o.id FROM owners o
CROSS JOIN LATERAL (SELECT FROM erasures WHERE user_id = o.id AND ${isOld} LIMIT 1) old
LIMIT 1`)

// A list of ids, not a join: for one of those, the planner may read everything again for each row while the table is new.
const removeOld = statement(`
DELETE FROM erasures e WHERE e.user_id = $2 AND e.id = ANY (ARRAY(
  SELECT id FROM erasures WHERE user_id = $2 AND ${isOld} ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
))`)
