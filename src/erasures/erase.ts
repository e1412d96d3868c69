import { setTimeout as rest } from 'node:timers/promises'
import { anyOwner, type Database, statement } from '../database/open.js'
import { mapInStretches } from '../event-loop.js'
import { givenMobile } from '../recipients/given-mobile.js'
import { type MobileRule, mobileRule } from '../recipients/mobile.js'
import { keyedUpTo } from '../recipients/mobile-keys.js'
import { lookUpKeys, marksOf } from '../recipients/mobile-search.js'
import { blankVisits } from './blank-visits.js'
import { eraseRecipients, type RecipientKey } from './erase-recipients.js'
import { beginErasure, type Erasure, finishErasure } from './erasure.js'
import { mobileHasher } from './mobile-hash.js'

/** Recipients that one statement reads to find the person's. */
const recipientsAtOnce = 5000

/** Clicks of the owner wait for a step: some ten milliseconds. */
const rowsOfStep = 500

const recipientsOfStep = 100

/**
 * Blanks one person everywhere in an owner's account: recipients with the number, in any spelling, lose it, with their message and their token, and
 * their visits lose all that is about the person. No row goes, so that numbers and totals stay.
 *
 * In small transactions, each under the owner's lock, with a rest after each as long as it took: clicks have half of the time at
 * least. Recipients come first, so that whatever arrives meanwhile (from a spool, a queue, another server) is stored blank. Killed
 * in the middle, the next call for the number goes on.
 *
 * @param mobile in any spelling
 * @param tokenId access token that asks for it; null: it is not stored here
 * @returns what was blanked by this erasure, by calls that were killed too
 */
export async function erasePerson(
  db: Database,
  ownerId: number,
  mobile: string,
  tokenId: string | null,
  rows: number = rowsOfStep,
  rule: MobileRule = mobileRule(undefined),
): Promise<Erasure> {
  const given = givenMobile(mobile)
  const key = rule.keyOf('mobile' in given ? given.mobile : mobile)
  const hash = await mobileHasher(db)
  const erasureId = await beginErasure(db, ownerId, [key, ...rule.spellingsOf(key)].map(hash), tokenId)
  const step = async (work: () => Promise<void>) => {
    const start = performance.now()
    await work()
    await rest(performance.now() - start)
  }
  for await (const found of recipientsWith(db, ownerId, key, rule)) {
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

/**
 * Recipients with the number of a key, those of links on their way out too. Where not all of the owner's have keys by the rule yet,
 * all of them are read and compared: nobody may be left because of a spelling.
 */
async function* recipientsWith(
  db: Database,
  ownerId: number,
  key: string,
  rule: MobileRule,
): AsyncGenerator<RecipientKey[]> {
  const { rows } = await db.pool.query<{ mobile_rule: string | null }>(selectState([ownerId]))
  const isKeyed = keyedUpTo(rows[0]?.mobile_rule ?? null, rule) === 'all'
  const keys = [...new Set([key, ...marksOf(rule, key)])]
  for (let last: RecipientKey = { link: 0, recipient: 0 }; ; ) {
    const after = [ownerId, last.link, last.recipient, recipientsAtOnce]
    const found = await db.pool.query<Found>(isKeyed ? selectByKey([...after, keys]) : selectAll(after))
    // The library may be asked for each of them.
    const keysOfRows = await mapInStretches(found.rows, ({ mobile }) => mobile && rule.keyOf(mobile))
    yield found.rows.filter((_, index) => keysOfRows[index] === key)
    const end = found.rows.at(-1)
    if (end === undefined || found.rows.length < recipientsAtOnce) return
    last = end
  }
}

interface Found extends RecipientKey {
  mobile: string | null
}

const selectState = statement('SELECT mobile_rule FROM owners WHERE id = $1')

const found = 'r.link_id::float8 AS link, r.id::float8 AS recipient, r.mobile'
const isNext = '(r.link_id, r.id) > ($2::int8, $3::int8)'

const selectByKey = statement(`
SELECT ${found} FROM ${lookUpKeys('$5::text[]', 'r.link_id, r.id, r.mobile', { link: null, where: isNext })}
ORDER BY r.link_id, r.id LIMIT $4`)

const selectAll = statement(`
SELECT ${found} FROM recipients r WHERE r.user_id = ${anyOwner} AND ${isNext} ORDER BY r.link_id, r.id LIMIT $4`)

const selectErased = statement(`
SELECT link_id::float8 AS link, id::float8 AS recipient FROM recipients
WHERE user_id = ${anyOwner} AND erasure_id = $2 ORDER BY link_id, id`)

const selectVisits = statement(`
SELECT seq::float8 FROM visits WHERE user_id = ${anyOwner} AND link_id = $2 AND recipient_id = $3 ORDER BY seq`)
