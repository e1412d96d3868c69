import type { Notifications } from '../database/notifications.js'
import { type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'
import { removePrefix } from './prefix.js'
import { forgetRemoved } from './removed-ids.js'

export interface RemovalOptions {
  db: Database
  notifications: Pick<Notifications, 'subscribe'>
  log: { error(fields: object, message: string): void }
}

/** Also without a word: the process that was at it may have been killed. */
const lookEveryMs = 120_000

/** A few dozen milliseconds of work. */
const rowsOfStep = 2000

/**
 * Looks for deleted links at the start, when one is deleted, and every few minutes, and removes their visits and recipients step
 * by step.
 */
export function openRemoval({ db, notifications, log }: RemovalOptions): Pick<Rounds, 'close'> {
  const rounds = openRounds({
    everyMs: lookEveryMs,
    round: (allOf) => allOf(() => removeStep(db)),
    onError: (error) => log.error({ err: error }, 'what a deleted link has left could not be removed'),
  })
  const stop = notifications.subscribe('removals', rounds.look)
  return {
    async close() {
      stop()
      await rounds.close()
    },
  }
}

/**
 * One step of some deleted link: its oldest visits, or when these are gone some of its recipients, in a transaction of their own.
 * Killed in the middle, it is as if it had never begun. A link that somebody else is at is passed over.
 *
 * Without the owner's lock, so that no click of the owner's waits: nobody else writes to a link that is deleted.
 *
 * @returns whether there was anything to do
 */
export async function removeStep(db: Database, rows: number = rowsOfStep): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const taken = await client.query<{ user_id: string; id: string; first_seq: string; visits: string }>(takeLink([]))
    const link = taken.rows[0]
    if (link === undefined) return false
    const key = [link.user_id, link.id]
    const [first, last] = [Number(link.first_seq), Number(link.visits)]
    if (first <= last) {
      const upTo = Math.min(first + rows - 1, last)
      await removePrefix(client, { ownerId: link.user_id, linkId: link.id, first, last: upTo })
      return true
    }
    const { rowCount } = await client.query(deleteRecipients([...key, rows]))
    if ((rowCount ?? 0) < rows) {
      await client.query(forgetRemoved(key))
      await client.query(markRemoved(key))
    }
    return true
  })
}

const takeLink = statement(`
SELECT user_id, id, first_seq, visits FROM links
WHERE deleted_at IS NOT NULL AND removed_at IS NULL
ORDER BY user_id, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`)

/** Their tokens stay: they are out in messages, and must lead nobody to another link. */
const deleteRecipients = statement(`
DELETE FROM recipients r WHERE r.user_id = $1 AND r.link_id = $2 AND r.id = ANY (ARRAY(
  SELECT id FROM recipients WHERE user_id = $1 AND link_id = $2 ORDER BY id LIMIT $3
))`)

const markRemoved = statement(
  'UPDATE links SET removed_at = clock_timestamp(), reached = 0 WHERE user_id = $1 AND id = $2',
)
