import { setTimeout as rest } from 'node:timers/promises'
import { anyOwner, type Database, statement } from '../database/open.js'
import { blankVisits } from './blank-visits.js'
import { eraseRecipients, type RecipientKey } from './erase-recipients.js'
import { beginErasure, type Erasure, finishErasure } from './erasure.js'
import { hashOfMobile } from './mobile-hash.js'

/** Links that one statement looks at for the person. */
const linksAtOnce = 1000

/** Clicks of the owner wait for a step: some ten milliseconds. */
const rowsOfStep = 500

const recipientsOfStep = 100

/**
 * Blanks one person everywhere in an owner's account: recipients with the number lose it, with their message and their token, and
 * their visits lose all that is about the person. No row goes, so that numbers and totals stay.
 *
 * In small transactions, each under the owner's lock, with a rest after each as long as it took: clicks have half of the time at
 * least. Recipients come first, so that whatever arrives meanwhile (from a spool, a queue, another server) is stored blank. Killed
 * in the middle, the next call for the number goes on.
 *
 * @param mobile as recipients have it
 * @param tokenId access token that asks for it; null: it is not stored here
 * @returns what was blanked by this erasure, by calls that were killed too
 */
export async function erasePerson(
  db: Database,
  ownerId: number,
  mobile: string,
  tokenId: string | null,
  rows: number = rowsOfStep,
): Promise<Erasure> {
  const digits = mobile.replace(/^\+/, '')
  const erasureId = await beginErasure(db, ownerId, await hashOfMobile(db, digits), tokenId)
  const step = async (work: () => Promise<void>) => {
    const start = performance.now()
    await work()
    await rest(performance.now() - start)
  }
  for await (const found of recipientsWith(db, ownerId, [digits, `+${digits}`])) {
    for (let at = 0; at < found.length; at += recipientsOfStep) {
      await step(() => eraseRecipients(db, ownerId, erasureId, found.slice(at, at + recipientsOfStep)))
    }
  }
  const erased = await db.pool.query<RecipientKey>(selectErased([ownerId, erasureId]))
  for (const { link, recipient } of erased.rows) {
    const found = await db.pool.query<{ seq: number }>(selectVisits([ownerId, link, recipient]))
    const seqs = found.rows.map(({ seq }) => seq)
    for (let at = 0; at < seqs.length; at += rows) {
      await step(() => blankVisits(db, ownerId, erasureId, link, seqs.slice(at, at + rows)))
    }
  }
  return finishErasure(db, ownerId, erasureId)
}

/** Recipients with one of these numbers, those of links on their way out too. */
async function* recipientsWith(db: Database, ownerId: number, mobiles: string[]): AsyncGenerator<RecipientKey[]> {
  for (let last = 0; ; ) {
    const { rows } = await db.pool.query<Found>(selectRecipients([ownerId, last, mobiles, linksAtOnce]))
    yield rows.flatMap(({ link, recipient }) => (recipient === null ? [] : { link, recipient }))
    const end = rows.at(-1)?.link
    if (end === undefined) return
    last = end
  }
}

interface Found {
  link: number
  recipient: number | null
}

/** A look into the index of each link. */
const selectRecipients = statement(`
SELECT l.id::float8 AS link, r.id::float8 AS recipient
FROM (SELECT id FROM links WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $4) l
LEFT JOIN LATERAL (
  SELECT id FROM recipients r WHERE r.user_id = ${anyOwner} AND r.link_id = l.id AND r.mobile = ANY ($3::text[]) OFFSET 0
) r ON true
ORDER BY l.id`)

const selectErased = statement(`
SELECT link_id::float8 AS link, id::float8 AS recipient FROM recipients
WHERE user_id = ${anyOwner} AND erasure_id = $2 ORDER BY link_id, id`)

const selectVisits = statement(`
SELECT seq::float8 FROM visits WHERE user_id = ${anyOwner} AND link_id = $2 AND recipient_id = $3 ORDER BY seq`)
