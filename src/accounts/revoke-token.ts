import { type Database, statement } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import { notFound } from '../http/errors.js'

/**
 * Revokes a token for good. Every process is told when this is stored, and then trusts nothing that it knew (grants.ts).
 * Not under the owner's lock: a leaked token must not wait for an import that has it.
 *
 * @returns false when it was revoked already
 * @throws HttpError 404 for a token that is missing, or somebody else's
 */
export async function revokeToken(db: Database, ownerId: number, id: string): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const { rowCount: revoked } = await client.query(markRevoked([ownerId, id]))
    if (revoked === 1) {
      await client.query(announceRevocation([id]))
      return true
    }
    const { rowCount: known } = await client.query(knownToken([ownerId, id]))
    if (known === 0) throw notFound()
    return false
  })
}

const markRevoked = statement(
  'UPDATE access_tokens SET revoked_at = now() WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL',
)
const knownToken = statement('SELECT FROM access_tokens WHERE user_id = $1 AND id = $2')
const announceRevocation = statement(`SELECT pg_notify('access_tokens', $1)`)
