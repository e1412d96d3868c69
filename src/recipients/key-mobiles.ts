import type { PoolClient } from 'pg'
import { anyOwner, type Database, statement } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { inTransaction } from '../database/transaction.js'
import type { MobileRule } from './mobile.js'
import { keyedState, keyedUpTo, noteRule, setState } from './mobile-keys.js'
import { isUnkeyed } from './mobile-search.js'

export interface MobileKeysOptions {
  db: Database
  rule: MobileRule
  log: { error(fields: object, message: string): void }
}

/** Only servers of an earlier version leave anything to be found. */
const lookEveryMs = 600_000

/** Clicks of the owner wait for a step: some ten milliseconds. */
const rowsOfStep = 250

/** Owners that one statement looks at. */
const ownersAtOnce = 1000

/**
 * Gives a key to each number that has none, or one by another rule: after the migration, and after DEFAULT_COUNTRY or the list of
 * numbering plans has changed. In small steps, each under the owner's lock and followed by a rest; how far an owner's recipients
 * are keyed is stored with each step, so that whoever comes next goes on from there. Meanwhile numbers are found in other ways
 * (mobile-search.ts).
 */
export function openMobileKeys({ db, rule, log }: MobileKeysOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    async round(allOf, signal) {
      for await (const { ownerId, isKeyed } of ownersToKey(db, rule)) {
        const step = isKeyed ? keyMarked : keyNext
        await allOf(() => step(db, ownerId, rule))
        if (signal.aborted) return
      }
    },
    onError: (error) => log.error({ err: error }, 'numbers of recipients could not be keyed'),
  })
}

interface OwnerToKey {
  ownerId: number
  /** All are, but for those that were written without a key since. */
  isKeyed: boolean
}

/** Owners of whom some recipients may lack a key by the rule. */
export async function* ownersToKey({ pool }: Database, rule: MobileRule): AsyncGenerator<OwnerToKey> {
  const { rows } = await pool.query<{ id: number; mobile_rule: string | null }>(selectOwners([]))
  const keyed: number[] = []
  for (const { id, mobile_rule: state } of rows) {
    if (keyedUpTo(state, rule) === 'all') keyed.push(id)
    else yield { ownerId: id, isKeyed: false }
  }
  for (let at = 0; at < keyed.length; at += ownersAtOnce) {
    const found = await pool.query<{ id: number }>(selectMarked([keyed.slice(at, at + ownersAtOnce)]))
    for (const { id } of found.rows) yield { ownerId: id, isKeyed: true }
  }
}

/**
 * One step: the owner's next recipients in the order of their keys, in a transaction of its own.
 *
 * @returns whether there may be more
 */
export async function keyNext(
  db: Database,
  ownerId: number,
  rule: MobileRule,
  rowsAtOnce: number = rowsOfStep,
): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const state = await claimOwner(client, ownerId)
    const from = state === undefined ? 'all' : keyedUpTo(state, rule)
    if (from === 'all') return false
    const { link, recipient } = from ?? { link: 0, recipient: 0 }
    const { rows } = await client.query<NumberRow>(selectNext([ownerId, link, recipient, rowsAtOnce]))
    await storeKeys(client, ownerId, rows, rule)
    const last = rows.length < rowsAtOnce ? undefined : rows.at(-1)
    const upTo = last === undefined ? 'all' : { link: last.link, recipient: last.id }
    await client.query(setState([ownerId, keyedState(rule, upTo)]))
    return upTo !== 'all'
  })
}

/** One step: some recipients that were written without a key. @returns whether there may be more */
export async function keyMarked(
  db: Database,
  ownerId: number,
  rule: MobileRule,
  rowsAtOnce: number = rowsOfStep,
): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const state = await claimOwner(client, ownerId)
    if (state === undefined) return false
    await noteRule(client, ownerId, state, rule)
    const { rows } = await client.query<NumberRow>(selectMarkedOf([ownerId, rowsAtOnce]))
    await storeKeys(client, ownerId, rows, rule)
    return rows.length === rowsAtOnce
  })
}

interface NumberRow {
  link: number
  id: number
  mobile: string | null
  mobile_key: string | null
}

/** @returns the owner's state; undefined where another process is at the owner, or the owner is gone */
async function claimOwner(client: PoolClient, ownerId: number): Promise<string | null | undefined> {
  const claimed = await client.query<{ is_mine: boolean }>(claim([ownerId]))
  if (claimed.rows[0]?.is_mine !== true) return undefined
  const owner = await client.query<{ mobile_rule: string | null }>(lockOwner([ownerId]))
  return owner.rows[0]?.mobile_rule
}

async function storeKeys(client: PoolClient, ownerId: number, rows: NumberRow[], rule: MobileRule): Promise<void> {
  const changed = rows.flatMap(({ link, id, mobile, mobile_key: before }) => {
    const key = mobile === null ? null : rule.keyOf(mobile)
    return key === before ? [] : { link, id, key }
  })
  if (changed.length === 0) return
  const columns = [changed.map(({ link }) => link), changed.map(({ id }) => id), changed.map(({ key }) => key)]
  await client.query(updateKeys([ownerId, ...columns]))
}

const selectOwners = statement('SELECT id::float8, mobile_rule FROM owners ORDER BY owners.id')

const selectMarked = statement(`
SELECT o.id::float8 AS id FROM unnest($1::int8[]) AS o (id)
CROSS JOIN LATERAL (
  SELECT FROM recipients r
  WHERE r.user_id = o.id AND r.mobile_key IS NOT NULL AND ${isUnkeyed('r.mobile_key')}
  ORDER BY r.mobile_key LIMIT 1
) r`)

/** Beside the locks of rows, so that no click waits for two steps. */
const claim = statement(`SELECT pg_try_advisory_xact_lock(hashtextextended('mobile keys ' || $1::int8, 0)) AS is_mine`)

const lockOwner = statement('SELECT mobile_rule FROM owners WHERE id = $1 FOR NO KEY UPDATE')

const selectNext = statement(`
SELECT link_id::float8 AS link, id::float8 AS id, mobile, mobile_key FROM recipients
WHERE user_id = ${anyOwner} AND (link_id, id) > ($2::int8, $3::int8) ORDER BY link_id, recipients.id LIMIT $4`)

const selectMarkedOf = statement(`
SELECT link_id::float8 AS link, id::float8 AS id, mobile, mobile_key FROM recipients
WHERE user_id = ${anyOwner} AND mobile_key IS NOT NULL AND ${isUnkeyed()}
ORDER BY recipients.mobile_key LIMIT $2`)

const updateKeys = statement(`
UPDATE recipients r SET mobile_key = k.key FROM unnest($2::int8[], $3::int8[], $4::text[]) AS k (link, id, key)
WHERE r.user_id = ${anyOwner} AND r.link_id = k.link AND r.id = k.id`)
