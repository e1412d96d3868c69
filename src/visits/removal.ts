import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseAway } from '../database/errors.js'
import type { Notifications } from '../database/notifications.js'
import { type Database, statement } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import { removePrefix } from './prefix.js'

/** Removes what deleted links leave behind. */
export interface Removal {
  /** Ends after the step in hand. */
  close(): Promise<void>
}

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
 * by step. It rests as long as it works, so that clicks have half of the database at least.
 */
export function openRemoval({ db, notifications, log }: RemovalOptions): Removal {
  const closing = new AbortController()
  const { signal } = closing
  let isWanted = false
  let working: Promise<void> | null = null

  const work = async () => {
    while (isWanted && !signal.aborted) {
      isWanted = false
      for (let isMore = true; isMore && !signal.aborted; ) {
        const start = performance.now()
        isMore = await removeStep(db)
        if (isMore) await sleep(performance.now() - start, undefined, { signal }).catch(() => {})
      }
    }
  }
  const look = () => {
    isWanted = true
    working ??= work()
      .catch((error) => {
        // Whoever asks when it is back will go on.
        if (!isDatabaseAway(error)) log.error({ err: error }, 'what a deleted link has left could not be removed')
      })
      .finally(() => {
        working = null
      })
  }

  const stop = notifications.subscribe('removals', look)
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  look()
  return {
    async close() {
      stop()
      clearInterval(timer)
      closing.abort()
      await working
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
    if ((rowCount ?? 0) < rows) await client.query(markRemoved(key))
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
