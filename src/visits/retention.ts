import { lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'
import type { LinkKey } from '../links/positions.js'
import { removePrefix } from './prefix.js'
import { noteRemoved } from './removed-ids.js'

export interface RetentionOptions {
  db: Database
  /** Of all links, unless a link says fewer; undefined: only of links that say something. */
  retentionDays: number | undefined
  log: { error(fields: object, message: string): void }
}

/** Days are what it is about. */
const lookEveryMs = 3_600_000

/** Clicks of the owner wait for a step: some ten milliseconds. */
const rowsOfStep = 500

/** Links that one statement looks at. */
const linksAtOnce = 1000

/** Looks at all links, at the start and every hour, and removes their visits that have been kept for long enough. */
export function openRetention({ db, retentionDays, log }: RetentionOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    async round(allOf, signal) {
      for await (const link of expiredLinks(db, retentionDays)) {
        await allOf(() => removeOldVisits(db, link, retentionDays))
        if (signal.aborted) return
      }
    },
    onError: (error) => log.error({ err: error }, 'visits that are too old could not be removed'),
  })
}

/** Links whose oldest visit is too old. */
export async function* expiredLinks(db: Database, retentionDays: number | undefined): AsyncGenerator<LinkKey> {
  for (let last: LinkKey = { ownerId: 0, id: 0 }; ; ) {
    const values = [last.ownerId, last.id, retentionDays, linksAtOnce]
    const { rows } = await db.pool.query<{ owner: number; link: number; is_expired: boolean }>(selectLinks(values))
    for (const { owner, link, is_expired } of rows) {
      last = { ownerId: owner, id: link }
      if (is_expired) yield last
    }
    if (rows.length < linksAtOnce) return
  }
}

/**
 * One step: the link's oldest visits, as far as all of them are too old and no webhook still is to be told of them, in a
 * transaction of their own. Killed in the middle, it is as if it had never begun. Only a prefix ever goes, so that numbers have no
 * gap: a visit goes when it and all that were recorded before it are too old.
 *
 * @returns whether there may be more
 */
export async function removeOldVisits(
  db: Database,
  { ownerId, id }: LinkKey,
  retentionDays: number | undefined,
  rows: number = rowsOfStep,
): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const claimed = await client.query<{ is_mine: boolean }>(claim([ownerId]))
    // Another process is at a link of the owner's.
    if (claimed.rows[0]?.is_mine !== true) return false
    // The owner's lock first, as whoever appends does, and whoever edits: a link that is told to keep more keeps it.
    await client.query(lockOwner([ownerId]))
    const found = await client.query<{ first: number; last: number }>(selectPrefix([ownerId, id, retentionDays, rows]))
    const [prefix] = found.rows
    if (prefix === undefined || prefix.last < prefix.first) return false
    const held = await client.query(holdLink([ownerId, id, prefix.first]))
    if (held.rows.length === 0) return false
    // Visits leave the feed of the account.
    await client.query(raiseRevision([ownerId]))
    const removed = { ownerId, linkId: id, ...prefix }
    await noteRemoved(client, removed)
    await removePrefix(client, removed)
    return prefix.last - prefix.first + 1 === rows
  })
}

/** The shorter counts: a link cannot keep longer than the server does. */
const isTooOld = `< now() - least(l.retention_days, $3::int4) * interval '1 day'`

const selectLinks = statement(`
SELECT l.user_id::float8 AS owner, l.id::float8 AS link, coalesce(v.created_at ${isTooOld}, false) AS is_expired
FROM (
  SELECT * FROM links WHERE (links.user_id, links.id) > ($1::int8, $2::int8) ORDER BY links.user_id, links.id LIMIT $4
) l
LEFT JOIN LATERAL (
  SELECT created_at FROM visits v
  WHERE v.user_id = l.user_id AND v.link_id = l.id AND v.seq = l.first_seq
    AND l.deleted_at IS NULL AND least(l.retention_days, $3::int4) IS NOT NULL OFFSET 0
) v ON true
ORDER BY l.user_id, l.id`)

/** Beside the locks of rows, so that no click waits for two steps. */
const claim = statement(`SELECT pg_try_advisory_xact_lock(hashtextextended('retention ' || $1::int8, 0)) AS is_mine`)

const selectPrefix = statement(`
SELECT l.first_seq::float8 AS first, least(
  coalesce(oldest.kept - 1, oldest.last), (
    SELECT d.seq - 1 FROM webhook_deliveries d
    WHERE d.user_id = $1 AND d.link_id = $2 AND d.state = 'pending' ORDER BY d.seq LIMIT 1
  )
)::float8 AS last
FROM links l
CROSS JOIN LATERAL (
  SELECT min(o.seq) FILTER (WHERE NOT coalesce(o.created_at ${isTooOld}, false)) AS kept, max(o.seq) AS last
  FROM (
    SELECT v.seq, v.created_at FROM visits v
    WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq >= l.first_seq ORDER BY v.seq LIMIT $4
  ) o
) oldest
WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL AND oldest.last IS NOT NULL`)

const holdLink = statement(
  'SELECT id FROM links WHERE user_id = $1 AND id = $2 AND first_seq = $3 AND deleted_at IS NULL FOR NO KEY UPDATE',
)

const raiseRevision = statement('UPDATE owners SET revision = revision + 1 WHERE id = $1')
