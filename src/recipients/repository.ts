import type { PoolClient } from 'pg'
import { anyOwner, statement } from '../database/open.js'
import { announceLink } from '../links/announce.js'
import { type KnownRecipient, type RecipientClaim, reconcile } from './claims.js'
import { type MobileRule, mobileRule } from './mobile.js'
import { noteRule } from './mobile-keys.js'

/**
 * Finds the recipient of each claim by its token, creates the missing ones and completes the known ones. The caller holds the
 * owner's lock, and the links exist.
 *
 * @param rule by which numbers are compared
 * @returns for each claim the recipient's number, the reason why it cannot have one, or null where the person was erased
 */
export async function settleRecipients(
  client: PoolClient,
  ownerId: number,
  claims: RecipientClaim[],
  rule: MobileRule = mobileRule(undefined),
): Promise<(number | string | null)[]> {
  if (claims.length === 0) return []
  const known = await knownTokens(client, ownerId, claims)
  const counters = await lastRecipients(client, ownerId, claims)
  const settled = claims.map((claim) => {
    const holder = known.get(claim.token)
    if (holder === 'elsewhere') return `token ${claim.token} belongs to another link`
    if (holder === 'erased') return null
    if (holder === 'link') return `token ${claim.token} is the short code of a link, not of a recipient`
    if (holder === undefined) {
      const id = (counters.get(claim.linkId) ?? 0) + 1
      counters.set(claim.linkId, id)
      known.set(claim.token, { ...claim, id, isNew: true, changed: false })
      return id
    }
    if (holder.linkId !== claim.linkId) return `token ${claim.token} belongs to another link`
    return reconcile(holder, claim, rule) ?? holder.id
  })
  await store(
    client,
    ownerId,
    [...known.values()].filter((holder) => typeof holder === 'object'),
    rule,
  )
  return settled
}

/** Who holds a token: a recipient of this owner, nobody since they were erased, a link of this owner, or somebody of whom nothing may be said. */
type Holder = KnownRecipient | 'link' | 'erased' | 'elsewhere'

interface TokenRow {
  token: string
  own: boolean
  is_erased: boolean
  link_id: string
  id: string | null
  message_id: string | null
  mobile: string | null
}

async function knownTokens(
  client: PoolClient,
  ownerId: number,
  claims: RecipientClaim[],
): Promise<Map<string, Holder>> {
  const tokens = [...new Set(claims.map(({ token }) => token))]
  const { rows } = await client.query<TokenRow>(selectTokens([ownerId, tokens]))
  return new Map(rows.map((row) => [row.token, holderOf(row)]))
}

function holderOf(row: TokenRow): Holder {
  if (!row.own) return 'elsewhere'
  if (row.is_erased) return 'erased'
  if (row.id === null) return 'link'
  const { token, message_id: messageId, mobile } = row
  return { token, messageId, mobile, linkId: Number(row.link_id), id: Number(row.id), isNew: false, changed: false }
}

async function lastRecipients(
  client: PoolClient,
  ownerId: number,
  claims: RecipientClaim[],
): Promise<Map<number, number>> {
  const linkIds = [...new Set(claims.map(({ linkId }) => linkId))]
  const { rows } = await client.query<{ id: string; last_recipient: string }>(selectLinks([ownerId, linkIds]))
  return new Map(rows.map((row) => [Number(row.id), Number(row.last_recipient)]))
}

async function store(
  client: PoolClient,
  ownerId: number,
  recipients: KnownRecipient[],
  rule: MobileRule,
): Promise<void> {
  const keyed = recipients
    .filter(({ isNew, changed }) => isNew || changed)
    .map((recipient) => ({ ...recipient, mobileKey: recipient.mobile === null ? null : rule.keyOf(recipient.mobile) }))
  if (keyed.length === 0) return
  const owner = await client.query<{ mobile_rule: string | null }>(selectRule([ownerId]))
  await noteRule(client, ownerId, owner.rows[0]?.mobile_rule ?? null, rule)
  // In one order everywhere: two owners that bring the same new tokens would otherwise wait for each other.
  const created = keyed.filter(({ isNew }) => isNew).sort((a, b) => (a.token < b.token ? -1 : 1))
  const changed = keyed.filter(({ isNew }) => !isNew)
  if (created.length > 0) await client.query(insertRecipients([ownerId, JSON.stringify(created)]))
  if (changed.length > 0) await client.query(updateRecipients([ownerId, JSON.stringify(changed)]))
  for (const linkId of new Set(changed.map((recipient) => recipient.linkId))) {
    await client.query(announceLink([ownerId, linkId]))
  }
}

const selectRule = statement('SELECT mobile_rule FROM owners WHERE id = $1')

const selectTokens = statement(`
SELECT t.token, t.user_id = $1 AS own, t.erased_at IS NOT NULL AS is_erased, t.link_id, r.id, r.message_id, r.mobile
FROM tokens t LEFT JOIN recipients r ON r.token = t.token
WHERE t.token = ANY ($2::text[])`)

const selectLinks = statement('SELECT id, last_recipient FROM links WHERE user_id = $1 AND id = ANY ($2::int8[])')

const rows = `json_to_recordset($2::json) AS t (
  "linkId" int8, id int8, token text, "messageId" text, mobile text, "mobileKey" text
)`

const insertRecipients = statement(`
WITH input AS MATERIALIZED (SELECT * FROM ${rows}),
taken AS (INSERT INTO tokens (user_id, link_id, token) SELECT $1, "linkId", token FROM input),
counted AS (
  UPDATE links l SET last_recipient = i.last
  FROM (SELECT "linkId", max(id) AS last FROM input GROUP BY "linkId") i
  WHERE l.user_id = $1 AND l.id = i."linkId"
)
INSERT INTO recipients (user_id, link_id, id, token, message_id, mobile, mobile_key)
SELECT $1, "linkId", id, token, "messageId", mobile, "mobileKey" FROM input`)

/** The revisions of link and owner rise because visits that are recorded already look different now. */
const updateRecipients = statement(`
WITH input AS MATERIALIZED (SELECT * FROM ${rows}),
revised AS (
  UPDATE links SET revision = revision + 1 WHERE user_id = $1 AND id IN (SELECT "linkId" FROM input)
),
account AS (UPDATE owners SET revision = revision + 1 WHERE id = $1)
UPDATE recipients r SET message_id = i."messageId", mobile = i.mobile, mobile_key = i."mobileKey"
FROM input i WHERE r.user_id = ${anyOwner} AND r.link_id = i."linkId" AND r.id = i.id`)
