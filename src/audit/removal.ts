import { type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'

export interface ReadRemovalOptions {
  db: Database
  /** How long it is kept who read personal data. */
  auditDays: number
  log: { error(fields: object, message: string): void }
}

/** Days are what it is about. */
const lookEveryMs = 3_600_000

/** A few dozen milliseconds of work. */
const rowsOfStep = 2000

/** Removes reads that have been kept for long enough, at the start and every hour. */
export function openReadRemoval({ db, auditDays, log }: ReadRemovalOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    round: (allOf) => allOf(() => removeOldReads(db, auditDays)),
    onError: (error) => log.error({ err: error }, 'reads that are too old could not be removed'),
  })
}

/**
 * One step, of one owner. Killed in the middle, it is as if it had never begun; what another process is at is passed over.
 *
 * @returns whether there was anything to do
 */
export async function removeOldReads(db: Database, auditDays: number, rows: number = rowsOfStep): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const { rows: found } = await client.query<{ id: string }>(ownerWithOld([auditDays]))
    const [owner] = found
    if (owner === undefined) return false
    await client.query(removeOld([auditDays, owner.id, rows]))
    return true
  })
}

/** Ids have their minute, in milliseconds, in front (read-id.ts). */
const isOld = `id < (lpad(to_hex((extract(epoch FROM now() - $1::int4 * interval '1 day') * 1000)::int8), 12, '0')
  || '00000000000000000000')::uuid`

const ownerWithOld = statement(`
SELECT o.id FROM owners o
CROSS JOIN LATERAL (SELECT FROM reads WHERE user_id = o.id AND ${isOld} ORDER BY id LIMIT 1) old
LIMIT 1`)

// A list of ids, not a join: for one of those, the planner may read everything again for each row while the table is new.
const removeOld = statement(`
DELETE FROM reads r WHERE r.user_id = $2 AND r.id = ANY (ARRAY(
  SELECT id FROM reads WHERE user_id = $2 AND ${isOld} ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
))`)
