import { type Database, statement } from '../database/open.js'
import { HttpError } from '../http/errors.js'
import type { Cursors, FeedPlace } from './cursor.js'
import type { FeedEnd, FeedSource } from './feed.js'
import { searchStatement } from './search.js'

export const lostVisits = 'The log has lost visits that this cursor has seen. Go on from data.next_cursor.'

/**
 * The place of a reader in the log as it is now. A log that was restored, or whose primary was replaced by a replica that lacked the
 * last visits, gives the numbers of what it has lost again: whoever has read these goes on where the two histories part.
 *
 * @param end of the log, as it is now
 * @throws HttpError 409 with the cursor of that position, or of the beginning where it is not known
 */
export async function settledPlace(
  db: Database,
  cursors: Cursors,
  source: FeedSource,
  end: FeedEnd,
  place: FeedPlace,
): Promise<FeedPlace> {
  const kept = place.epoch === end.epoch ? null : await keptOf(db, source, end, place.epoch)
  const { position, erased } = place
  // Restored in a way that nobody has told of: where to, the log does not say.
  const isAhead = position > end.last || (kept === null && erased > end.lastErased)
  if (!isAhead && position <= (kept?.position ?? end.last)) {
    return { position, erased: Math.min(erased, kept?.erased ?? erased), epoch: end.epoch }
  }
  const next = {
    position: kept === null ? 0 : Math.min(kept.position, end.last),
    erased: kept === null ? end.lastErased : Math.min(erased, kept.erased),
    epoch: end.epoch,
  }
  throw new HttpError(409, lostVisits, {
    data: { next_cursor: cursors.write({ ...source, ...next }), position: next.position },
  })
}

/** How much of a log of an epoch all later ones have kept; null when there is no later one. */
async function keptOf(
  db: Database,
  { ownerId, linkId }: FeedSource,
  end: FeedEnd,
  epoch: number,
): Promise<{ position: number; erased: number } | null> {
  const { rows } = await db.pool.query<Later>(laterStarts([ownerId, epoch]))
  const [later] = rows
  if (later === undefined || later.epochs === 0) return null
  // An epoch that the database has never had, or an owner whom a later one began without.
  if (later.epochs === null || later.starts < later.epochs) return { position: 0, erased: 0 }
  const { account_seq: position, last_erased: erased } = later
  if (linkId === null) return { position, erased }
  const found = await db.pool.query<{ low: string }>(firstAfter([ownerId, linkId, end.first, end.last, position]))
  return { position: Number(found.rows[0]?.low ?? 1) - 1, erased }
}

interface Later {
  /** How many epochs came after it; null: it is not known. */
  epochs: number | null
  /** Of the owner, in these. */
  starts: number
  account_seq: number
  last_erased: number
}

/** Servers that knew of no epochs gave cursors without one (0), in the first. */
const laterStarts = statement(`
SELECT (SELECT max(number) FROM log_epochs) - given.number AS epochs, later.*
FROM (
  SELECT (SELECT CASE WHEN $2::int8 = 0 THEN min(number) ELSE min(number) FILTER (WHERE id = $2) END FROM log_epochs) AS number
) given
CROSS JOIN LATERAL (
  SELECT count(*)::int4 AS starts, coalesce(min(account_seq), 0)::float8 AS account_seq,
    coalesce(min(last_erased), 0)::float8 AS last_erased
  FROM log_epoch_starts WHERE user_id = $1 AND log_epoch_starts.number > given.number
) later`)

/** Positions in the account grow with those of the link. */
const firstAfter = searchStatement({
  position: 'seq',
  key: 'v.user_id = $1 AND v.link_id = $2',
  isBefore: 'v.account_seq <= $5',
  bounds: ['$3', '$4'],
})
