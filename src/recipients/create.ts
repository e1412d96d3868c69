import type { PoolClient } from 'pg'
import { anyOwner, type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { mapInStretches } from '../event-loop.js'
import { invalid, notFound } from '../http/errors.js'
import { announceLink } from '../links/announce.js'
import { leadsToMobile } from '../links/mobile-placeholder.js'
import { isReserved } from '../links/reserved.js'
import { newToken } from '../links/token.js'
import { matchRecipients, type WantedRecipient } from './match.js'
import { type MobileRule, mobileRule } from './mobile.js'
import { hasUnkeyed, keyedUpTo, noteRule } from './mobile-keys.js'
import { mobileSearch } from './mobile-search.js'
import { type Recipient, type RecipientRow, recipientColumns, recipientOf } from './recipient.js'

export interface CreatedRecipients {
  /** One for each wanted, in that order. */
  recipients: Recipient[]
  /** How many of them are new. */
  created: number
  /** Whether their tokens, opened, lead to an address with their number. */
  leadsToMobile: boolean
}

/**
 * Gives each wanted recipient of a link a token of their own; those who have one keep it (match.ts). The link becomes a
 * tracked one.
 *
 * One transaction under the owner's lock, as every writer of an owner takes it first: of two equal requests at once, the
 * second finds what the first has made.
 *
 * @param rule by which numbers are compared
 * @param sender who may not see numbers (match.ts): of those without a message, only recipients that they have brought are known to
 *   them; null: who may
 * @throws HttpError 404 for a missing link and for one of somebody else, 422 when one contradicts what is known: then
 *   nothing is stored
 */
export async function createRecipients(
  db: Database,
  ownerId: number,
  linkId: number,
  wanted: WantedRecipient[],
  rule: MobileRule = mobileRule(undefined),
  sender: string | null = null,
): Promise<CreatedRecipients> {
  const keys = await mapInStretches(wanted, ({ mobile }) => rule.keyOf(mobile))
  return inTransaction(writerOf(db, ownerId), async (client) => {
    const owner = await client.query<{ mobile_rule: string | null }>(lockOwner([ownerId]))
    const state = owner.rows[0]?.mobile_rule ?? null
    const link = await readLink(client, ownerId, linkId)
    const last = Number(link.last_recipient)
    const now = new Date()
    const isKeyed = keyedUpTo(state, rule) === 'all' && !link.has_unkeyed
    const known = await knownRecipients(client, ownerId, linkId, wanted, keys, sender, isKeyed ? null : rule)
    const { recipients, created, changed, errors } = await matchRecipients(known, wanted, keys, now, rule, sender)
    if (Object.keys(errors).length > 0) throw invalid(errors)
    if (created.size + changed.size > 0) await noteRule(client, ownerId, state, rule)
    await storeCreated(client, ownerId, linkId, last, [...created], now)
    if (changed.size > 0) {
      const all = [...changed]
      for (let at = 0; at < all.length; at += rowsAtOnce) {
        await client.query(updateRecipients([ownerId, linkId, rowsOf(all.slice(at, at + rowsAtOnce))]))
      }
      await client.query(announceLink([ownerId, linkId]))
    }
    return { recipients, created: created.size, leadsToMobile: link.leads_to_mobile }
  })
}

/** Statements are made of them at once. */
const rowsAtOnce = 1000
/** Each is looked for in some ten spellings, while there are recipients without keys. */
const mobilesAtOnce = 250

/** docs/api-contract.md section 2. With a million tokens given out, one guess in 57,000 meets one: OPENINGS_LIMIT slows guessing down. */
const tokenLength = 6

interface LinkRow {
  last_recipient: string
  has_unkeyed: boolean
  leads_to_mobile: boolean
}

async function readLink(client: PoolClient, ownerId: number, linkId: number): Promise<LinkRow> {
  const { rows } = await client.query<LinkRow>(selectLink([ownerId, linkId]))
  if (rows[0] === undefined) throw notFound()
  return rows[0]
}

/** @param rule null: all recipients have keys by it; else any spelling may be what is stored */
async function knownRecipients(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  wanted: WantedRecipient[],
  keys: string[],
  sender: string | null,
  rule: MobileRule | null,
): Promise<Recipient[]> {
  const messageIds = wanted.flatMap(({ messageId }) => messageId ?? [])
  const isByNumber = (_: unknown, index: number) => wanted[index]?.messageId === null
  const find = async (messageIds: string[], keys: string[]) => {
    const found = new Map<string, RecipientRow>()
    const length = Math.max(messageIds.length, keys.length)
    for (let at = 0; at < length; at += rowsAtOnce) {
      const [ids, some] = [messageIds, keys].map((texts) => texts.slice(at, at + rowsAtOnce))
      const { rows } = await client.query<RecipientRow>(selectKnown([ownerId, linkId, ids, some, sender]))
      for (const row of rows) found.set(row.id, row)
    }
    return [...found.values()].sort((a, b) => Number(a.id) - Number(b.id))
  }
  if (rule === null) {
    const rows = await find(messageIds, [...new Set(keys.filter(isByNumber))])
    return mapInStretches(rows, recipientOf)
  }
  const rows = new Map<string, RecipientRow>()
  const mobiles = wanted.map(({ mobile }) => mobile).filter(isByNumber)
  const parts = Math.max(1, Math.ceil(mobiles.length / mobilesAtOnce))
  for (let part = 0; part < parts; part++) {
    const search = mobileSearch(rule, mobiles.slice(part * mobilesAtOnce, (part + 1) * mobilesAtOnce))
    const byText = await client.query<RecipientRow>(selectByText([ownerId, linkId, search.mobiles, sender]))
    for (const row of [...(await find(part === 0 ? messageIds : [], search.anyKeys)), ...byText.rows])
      rows.set(row.id, row)
  }
  const found = await mapInStretches([...rows.values()], (row) =>
    recipientOf({ ...row, mobile_key: row.mobile && rule.keyOf(row.mobile) }),
  )
  return found.sort((a, b) => a.id - b.id)
}

async function storeCreated(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  last: number,
  created: Recipient[],
  createdAt: Date,
): Promise<void> {
  const tokens = await takeTokens(client, ownerId, linkId, created.length)
  for (const [index, recipient] of created.entries()) {
    recipient.id = last + 1 + index
    recipient.token = tokens[index] ?? ''
  }
  await client.query(raiseLink([ownerId, linkId, last + created.length]))
  for (let at = 0; at < created.length; at += rowsAtOnce) {
    const rows = rowsOf(created.slice(at, at + rowsAtOnce))
    await client.query(insertRecipients([ownerId, linkId, rows, createdAt]))
  }
}

/** What is written of recipients. */
function rowsOf(recipients: Iterable<Recipient>): string {
  return JSON.stringify(
    Array.from(recipients, ({ id, token, messageId, mobile, mobileKey, sender, sentAt }) => {
      return { id, token, messageId, mobile, mobileKey, sender, sentAt }
    }),
  )
}

/** New tokens, taken for good. What somebody has already is drawn again. */
async function takeTokens(client: PoolClient, ownerId: number, linkId: number, count: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < count) {
    const missing = Array.from({ length: count - taken.length }, () => tokenLength)
    const drawn = (await mapInStretches(missing, newToken)).filter((token) => !isReserved(token))
    // In one order everywhere: two owners that draw the same tokens would otherwise wait for each other.
    const { rows } = await client.query<{ token: string }>(insertTokens([ownerId, linkId, drawn.toSorted()]))
    const free = new Set(rows.map(({ token }) => token))
    // In the order drawn: a token must not say where its recipient stands in the list.
    taken.push(...drawn.filter((token) => free.delete(token)))
  }
  return taken
}

const lockOwner = statement('SELECT mobile_rule FROM owners WHERE id = $1 FOR NO KEY UPDATE')

const selectLink = statement(`
SELECT last_recipient, ${hasUnkeyed} AS has_unkeyed, ${leadsToMobile} AS leads_to_mobile
FROM links l WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`)

/** Thousands of keys in one condition: where the planner knows nothing of the link yet, it reads the link, once. */
const selectKnown = statement(`
SELECT ${recipientColumns} FROM recipients r
WHERE r.user_id = $1 AND r.link_id = $2 AND r.message_id = ANY ($3::text[])
UNION ALL
SELECT ${recipientColumns} FROM recipients r
WHERE r.user_id = ${anyOwner} AND r.link_id = $2 AND r.message_id IS NULL
  AND r.mobile_key IS NOT NULL AND r.mobile_key = ANY ($4::text[]) AND ($5::uuid IS NULL OR r.sender = $5)
ORDER BY id`)

const selectByText = statement(`
SELECT ${recipientColumns} FROM recipients r
WHERE r.user_id = $1 AND r.link_id = $2 AND r.message_id IS NULL AND r.mobile = ANY ($3::text[])
  AND ($4::uuid IS NULL OR r.sender = $4)`)

const insertTokens = statement(`
INSERT INTO tokens (user_id, link_id, token) SELECT $1, $2, t.token FROM unnest($3::text[]) AS t (token)
ON CONFLICT DO NOTHING RETURNING token`)

const raiseLink = statement(`
UPDATE links SET last_recipient = $3, is_advanced = true
WHERE user_id = $1 AND id = $2 AND (last_recipient <> $3 OR NOT is_advanced)`)

const rows = `json_to_recordset($3::json) AS t (
  id int8, token text, "messageId" text, mobile text, "mobileKey" text, sender uuid, "sentAt" timestamptz
)`

const insertRecipients = statement(`
INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile, mobile_key, sender, sent_at, created_at)
SELECT $1, $2, id, token, "messageId", mobile, "mobileKey", sender, "sentAt", $4 FROM ${rows}`)

/** The revisions of link and owner rise because visits that are recorded already may show a number they had not. */
const updateRecipients = statement(`
WITH revised AS (UPDATE links SET revision = revision + 1 WHERE user_id = $1 AND id = $2),
account AS (UPDATE owners SET revision = revision + 1 WHERE id = $1)
UPDATE recipients r SET mobile = t.mobile, mobile_key = t."mobileKey", sender = t.sender, sent_at = t."sentAt"
FROM ${rows} WHERE r.user_id = $1 AND r.link_id = $2 AND r.id = t.id`)
