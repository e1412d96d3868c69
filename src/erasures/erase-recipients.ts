import { lockOwner } from '../accounts/repository.js'
import { anyOwner, type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { announceErased } from '../links/announce.js'

/** A recipient of an owner. */
export interface RecipientKey {
  link: number
  recipient: number
}

/**
 * Takes number, message and token from recipients. Their tokens go on leading to the links, as those of nobody.
 *
 * The owner's lock first, as every writer of an owner takes it; then the links, as who removes what deleted links have left does.
 */
export async function eraseRecipients(
  db: Database,
  ownerId: number,
  erasureId: string,
  recipients: RecipientKey[],
): Promise<void> {
  const links = recipients.map(({ link }) => link)
  const ids = recipients.map(({ recipient }) => recipient)
  await inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    await client.query(holdLinks([ownerId, links]))
    const found = await client.query<{ token: string }>(selectTokens([ownerId, links, ids]))
    if (found.rows.length === 0) return
    const tokens = found.rows.map(({ token }) => token)
    await client.query(blankRecipients([ownerId, links, ids, erasureId]))
    await client.query(markTokens([ownerId, tokens]))
    await client.query(raiseRevisions([ownerId, links]))
    await client.query(countRecipients([ownerId, erasureId, tokens.length]))
    await client.query(announceErased([tokens]))
  })
}

const holdLinks = statement(
  'SELECT FROM links WHERE user_id = $1 AND id = ANY ($2::int8[]) ORDER BY id FOR NO KEY UPDATE',
)

const keys = 'unnest($2::int8[], $3::int8[]) AS k (link, id)'

/** Another server may have been faster. */
const selectTokens = statement(`
SELECT r.token FROM ${keys}
CROSS JOIN LATERAL (
  SELECT token FROM recipients r
  WHERE r.user_id = ${anyOwner} AND r.link_id = k.link AND r.id = k.id AND r.erasure_id IS NULL OFFSET 0
) r`)

const blankRecipients = statement(`
UPDATE recipients r SET token = NULL, mobile = NULL, mobile_key = NULL, message_id = NULL, erasure_id = $4
FROM ${keys} WHERE r.user_id = ${anyOwner} AND r.link_id = k.link AND r.id = k.id AND r.erasure_id IS NULL`)

const markTokens = statement(
  'UPDATE tokens SET erased_at = clock_timestamp() WHERE user_id = $1 AND token = ANY ($2::text[])',
)

const raiseRevisions = statement(`
WITH account AS (UPDATE owners SET revision = revision + 1 WHERE id = $1)
UPDATE links SET revision = revision + 1 WHERE user_id = $1 AND id = ANY ($2::int8[])`)

const countRecipients = statement('UPDATE erasures SET recipients = recipients + $3 WHERE user_id = $1 AND id = $2')
