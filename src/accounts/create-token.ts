import { v7 as uuid } from 'uuid'
import { type Database, statement } from '../database/open.js'
import { readerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { addMissingOwner } from './repository.js'
import { type StoredToken, storedToken, type TokenRow, tokenColumns } from './stored-token.js'
import { newTokenText, tokenHash } from './token-text.js'

export interface NewToken {
  name: string
  /** Empty: everything its owner may, with numbers masked. */
  scopes: string[]
  /** As allowed-ips.ts spells them; empty: from anywhere. */
  allowedIps: string[]
  /** Requests a minute; null: what the account may. */
  rateLimit: number | null
  expiresAt: Date | null
}

/**
 * Stores a token. The owner is created when there is none: a JWT may speak of one that nobody has met yet.
 *
 * @param textOf makes its text of its id; without it the text is random
 * @returns its text too, which nobody can be shown again: what is stored is a hash
 */
export async function createToken(
  db: Database,
  ownerId: number,
  { name, scopes, allowedIps, rateLimit, expiresAt }: NewToken,
  textOf: (id: string) => string = newTokenText,
): Promise<{ stored: StoredToken; text: string }> {
  const id = uuid()
  const text = textOf(id)
  const values = [ownerId, id, name, tokenHash(text), scopes, allowedIps, rateLimit, expiresAt]
  return inTransaction(readerOf(db, ownerId), async (client) => {
    await addMissingOwner(client, ownerId)
    const { rows } = await client.query<TokenRow>(insertToken(values))
    const [row] = rows
    if (row === undefined) throw new Error('a token was not stored')
    return { stored: storedToken(row), text }
  })
}

const insertToken = statement(`
INSERT INTO access_tokens AS t (user_id, id, name, token_hash, scopes, allowed_ips, rate_limit, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING ${tokenColumns}`)
