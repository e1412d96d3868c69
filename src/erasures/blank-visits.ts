import { lockOwner } from '../accounts/repository.js'
import { anyOwner, type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { blankOptions } from '../visits/blank-options.js'

/**
 * Takes from visits of an erased recipient what is about the person: address, query, and what an import had in `options`. Each
 * is written down once (`erased_visits`). Whether it was a bot stays, and what is shared by many: user agent, place, language, host.
 *
 * @param seqs numbers in the link, some hundreds at most
 */
export async function blankVisits(
  db: Database,
  ownerId: number,
  erasureId: string,
  linkId: number,
  seqs: number[],
): Promise<void> {
  await inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    await client.query(holdLink([ownerId, linkId]))
    await client.query(blank([ownerId, linkId, seqs, erasureId]))
  })
}

const holdLink = statement('SELECT FROM links WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE')

const blank = statement(`
WITH fresh AS MATERIALIZED (
  SELECT v.seq, v.id, row_number() OVER (ORDER BY v.seq) AS nth
  FROM visits v
  WHERE v.user_id = ${anyOwner} AND v.link_id = $2 AND v.seq = ANY ($3::int8[])
    AND NOT coalesce((SELECT true FROM erased_visits e WHERE e.user_id = $1 AND e.id = v.id), false)
),
account AS (
  UPDATE owners SET revision = revision + 1, last_erased = last_erased + (SELECT count(*) FROM fresh)
  WHERE id = $1 AND EXISTS (SELECT FROM fresh)
  RETURNING last_erased
),
link AS (
  UPDATE links l SET revision = l.revision + 1, last_erased = a.last_erased
  FROM account a WHERE l.user_id = $1 AND l.id = $2
),
counted AS (
  UPDATE erasures SET visits = visits + (SELECT count(*) FROM fresh)
  WHERE user_id = $1 AND id = $4 AND EXISTS (SELECT FROM fresh)
),
announced AS (
  INSERT INTO erased_visits (user_id, number, link_id, id, erasure_id, erased_at)
  SELECT $1, a.last_erased - (SELECT count(*) FROM fresh) + f.nth, $2, f.id, $4, clock_timestamp()
  FROM fresh f CROSS JOIN account a
),
blanked AS (
  UPDATE visits v SET client_ip = NULL, query_string = NULL, options = ${blankOptions('v.options')}
  FROM fresh f WHERE v.user_id = ${anyOwner} AND v.link_id = $2 AND v.seq = f.seq AND v.seq = ANY ($3::int8[])
)
SELECT pg_notify('visits', $1::text || ':' || $2::text) FROM account`)
