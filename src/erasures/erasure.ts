import { v7 as uuidv7 } from 'uuid'
import { ensureOwner, lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'

/** The record of a person who was blanked. */
export interface Erasure {
  id: string
  /** Access token that asked for it; null: it is not stored here. */
  tokenId: string | null
  /** Keyed. */
  mobileHash: Buffer
  recipients: number
  visits: number
  createdAt: Date
  /** null: not finished yet. */
  erasedAt: Date | null
}

export interface ErasureRow {
  id: string
  token_id: string | null
  mobile_hash: Buffer
  recipients: string
  visits: string
  created_at: Date
  erased_at: Date | null
}

export const erasureColumns = 'e.id, e.token_id, e.mobile_hash, e.recipients, e.visits, e.created_at, e.erased_at'

export function erasureOf(row: ErasureRow): Erasure {
  return {
    id: row.id,
    tokenId: row.token_id,
    mobileHash: row.mobile_hash,
    recipients: Number(row.recipients),
    visits: Number(row.visits),
    createdAt: row.created_at,
    erasedAt: row.erased_at,
  }
}

/**
 * The erasure of the number that is not finished, or a new one.
 *
 * @param mobileHash of the number; or of its key, and behind it of other spellings, by one of which it may have been begun
 * @returns its id
 */
export async function beginErasure(
  db: Database,
  ownerId: number,
  mobileHash: Buffer | Buffer[],
  tokenId: string | null,
): Promise<string> {
  const hashes = [mobileHash].flat()
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await ensureOwner(client, ownerId)
    const begun = await client.query<{ id: string }>(selectBegun([ownerId, hashes]))
    if (begun.rows[0] !== undefined) return begun.rows[0].id
    const id = uuidv7()
    await client.query(insertErasure([ownerId, id, tokenId, hashes[0]]))
    return id
  })
}

export async function finishErasure(db: Database, ownerId: number, id: string): Promise<Erasure> {
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    const { rows } = await client.query<ErasureRow>(markFinished([ownerId, id]))
    if (rows[0] === undefined) throw new Error('an erasure is gone')
    return erasureOf(rows[0])
  })
}

const selectBegun = statement(`
SELECT id FROM erasures WHERE user_id = $1 AND mobile_hash = ANY ($2::bytea[]) AND erased_at IS NULL ORDER BY id LIMIT 1`)

const insertErasure = statement('INSERT INTO erasures (user_id, id, token_id, mobile_hash) VALUES ($1, $2, $3, $4)')

const markFinished = statement(`
UPDATE erasures e SET erased_at = coalesce(e.erased_at, clock_timestamp())
WHERE e.user_id = $1 AND e.id = $2 RETURNING ${erasureColumns}`)
