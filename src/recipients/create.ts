import type { PoolClient } from 'pg'
import { type Database, statement } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import { invalid, notFound } from '../http/errors.js'
import { announceLink } from '../links/announce.js'
import { isReserved } from '../links/reserved.js'
import { newToken } from '../links/token.js'
import { matchRecipients, type WantedRecipient } from './match.js'
import { type Recipient, type RecipientRow, recipientColumns, recipientOf } from './recipient.js'

export interface CreatedRecipients {
  /** One for each wanted, in that order. */
  recipients: Recipient[]
  /** How many of them are new. */
  created: number
}

/**
 * Gives each wanted recipient of a link a token of their own; those who have one keep it (match.ts). The link becomes a
 * tracked one.
 *
 * One transaction under the owner's lock, as every writer of an owner takes it first: of two equal requests at once, the
 * second finds what the first has made.
 *
 * @throws HttpError 404 for a missing link and for one of somebody else, 422 when one contradicts what is known: then
 *   nothing is stored
 */
export async function createRecipients(
  db: Database,
  ownerId: number,
  linkId: number,
  wanted: WantedRecipient[],
): Promise<CreatedRecipients> {
  return inTransaction(db, async (client) => {
    await client.query(lockOwner([ownerId]))
    const last = await lastRecipient(client, ownerId, linkId)
    const known = await knownRecipients(client, ownerId, linkId, wanted)
    const { recipients, created, changed, errors } = matchRecipients(known, wanted, new Date())
    if (Object.keys(errors).length > 0) throw invalid(errors)
    await storeCreated(client, ownerId, linkId, last, [...created])
    if (changed.size > 0) {
      await client.query(updateRecipients([ownerId, linkId, JSON.stringify([...changed])]))
      await client.query(announceLink([ownerId, linkId]))
    }
    return { recipients, created: created.size }
  })
}

/** contract.md section 2. With a million tokens given out, one guess in 57,000 meets one: OPENINGS_LIMIT slows guessing down. */
const tokenLength = 6

async function lastRecipient(client: PoolClient, ownerId: number, linkId: number): Promise<number> {
  const { rows } = await client.query<{ last_recipient: string }>(selectLink([ownerId, linkId]))
  if (rows[0] === undefined) throw notFound()
  return Number(rows[0].last_recipient)
}

async function knownRecipients(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  wanted: WantedRecipient[],
): Promise<Recipient[]> {
  const messageIds = wanted.flatMap(({ messageId }) => messageId ?? [])
  const mobiles = wanted.flatMap(({ messageId, mobile }) => (messageId === null ? mobile : []))
  const { rows } = await client.query<RecipientRow>(selectKnown([ownerId, linkId, messageIds, mobiles]))
  return rows.map(recipientOf)
}

async function storeCreated(
  client: PoolClient,
  ownerId: number,
  linkId: number,
  last: number,
  created: Recipient[],
): Promise<void> {
  const tokens = await takeTokens(client, ownerId, linkId, created.length)
  for (const [index, recipient] of created.entries()) {
    recipient.id = last + 1 + index
    recipient.token = tokens[index] ?? ''
  }
  await client.query(raiseLink([ownerId, linkId, last + created.length]))
  if (created.length > 0) await client.query(insertRecipients([ownerId, linkId, JSON.stringify(created)]))
}

/** New tokens, taken for good. What somebody has already is drawn again. */
async function takeTokens(client: PoolClient, ownerId: number, linkId: number, count: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < count) {
    const drawn = Array.from({ length: count - taken.length }, () => newToken(tokenLength)).filter(
      (token) => !isReserved(token),
    )
    // In one order everywhere: two owners that draw the same tokens would otherwise wait for each other.
    const { rows } = await client.query<{ token: string }>(insertTokens([ownerId, linkId, drawn.toSorted()]))
    const free = new Set(rows.map(({ token }) => token))
    // In the order drawn: a token must not say where its recipient stands in the list.
    taken.push(...drawn.filter((token) => free.delete(token)))
  }
  return taken
}

const lockOwner = statement('SELECT FROM owners WHERE id = $1 FOR NO KEY UPDATE')

const selectLink = statement('SELECT last_recipient FROM links WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL')

const selectKnown = statement(`
SELECT ${recipientColumns} FROM recipients r
WHERE r.user_id = $1 AND r.link_id = $2 AND r.message_id = ANY ($3::text[])
UNION ALL
SELECT ${recipientColumns} FROM recipients r
WHERE r.user_id = $1 AND r.link_id = $2 AND r.message_id IS NULL AND r.mobile = ANY ($4::text[])
ORDER BY id`)

const insertTokens = statement(`
INSERT INTO tokens (user_id, link_id, token) SELECT $1, $2, t.token FROM unnest($3::text[]) AS t (token)
ON CONFLICT DO NOTHING RETURNING token`)

const raiseLink = statement(`
UPDATE links SET last_recipient = $3, is_advanced = true
WHERE user_id = $1 AND id = $2 AND (last_recipient <> $3 OR NOT is_advanced)`)

const rows = `json_to_recordset($3::json) AS t (
  id int8, token text, "messageId" text, mobile text, "sentAt" timestamptz, "createdAt" timestamptz
)`

const insertRecipients = statement(`
INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile, sent_at, created_at)
SELECT $1, $2, id, token, "messageId", mobile, "sentAt", "createdAt" FROM ${rows}`)

/** The revisions of link and owner rise because visits that are recorded already may show a number they had not. */
const updateRecipients = statement(`
WITH revised AS (UPDATE links SET revision = revision + 1 WHERE user_id = $1 AND id = $2),
account AS (UPDATE owners SET revision = revision + 1 WHERE id = $1)
UPDATE recipients r SET mobile = t.mobile, sent_at = t."sentAt"
FROM ${rows} WHERE r.user_id = $1 AND r.link_id = $2 AND r.id = t.id`)
