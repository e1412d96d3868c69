import { type Database, statement } from '../database/open.js'
import type { FeedEnd, FeedSource } from './feed.js'

/** Visits that were blanked, as their readers are told. */
export interface Announcement {
  /** Of the visits, in the order of blanking. */
  ids: string[]
  /** Number in the account up to which all have been told now. */
  erased: number
}

/**
 * Visits of a log that were blanked after a number. Numbers appear in commit order, so none can turn up behind it. Those that are
 * gone since are among them: somebody may have a copy.
 *
 * From the primary, and only where there are any.
 *
 * @param end read before any visit of the same answer, so that what is blanked later is told later
 * @param after where the last announcement ended
 */
export async function readErased(
  db: Database,
  { ownerId, linkId }: FeedSource,
  { lastErased }: FeedEnd,
  after: number,
  limit: number,
): Promise<Announcement> {
  if (after >= lastErased) return { ids: [], erased: after }
  const key = linkId === null ? [ownerId] : [ownerId, linkId]
  const query = linkId === null ? ofAccount : ofLink
  const { rows } = await db.pool.query<{ number: number; id: string }>(query([after, lastErased, limit, ...key]))
  return {
    ids: rows.map(({ id }) => id),
    erased: rows.length < limit ? lastErased : (rows.at(-1)?.number ?? lastErased),
  }
}

const erasedBy = (key: string) =>
  statement(`
SELECT number::float8, id FROM erased_visits
WHERE ${key} AND number > $1 AND number <= $2 ORDER BY number LIMIT $3`)

const ofAccount = erasedBy('user_id = $4')
const ofLink = erasedBy('user_id = $4 AND link_id = $5')
