import { lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { notFound } from '../http/errors.js'
import { announceLink } from './announce.js'

/**
 * Deletes a link: nothing of it is shown from now on, its codes say that it is gone, and are never given again. Its visits and
 * what is known of its recipients are removed in the background (visits/removal.ts).
 *
 * The owner's revision rises, because visits leave the feed of the account.
 *
 * @throws HttpError 404 for a missing link and for one of somebody else
 */
export async function deleteLink(db: Database, ownerId: number, id: number): Promise<void> {
  await inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    const { rows } = await client.query(markDeleted([ownerId, id]))
    if (rows.length === 0) throw notFound()
    await client.query(raiseRevision([ownerId]))
    await client.query(announceLink([ownerId, id]))
    await client.query(announceRemoval([]))
  })
}

const markDeleted = statement(`
UPDATE links SET deleted_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING id`)

const raiseRevision = statement('UPDATE owners SET revision = revision + 1 WHERE id = $1')

/** Word to whoever removes what deleted links leave behind. */
const announceRemoval = statement(`SELECT pg_notify('removals', '')`)
