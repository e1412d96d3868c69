import type { PoolClient } from 'pg'
import { statement } from '../database/open.js'

/** Link numbers that each new owner has before the next one's begin. */
export const linksApart = 1000

/**
 * Creates the owner when there is none, and locks it until the transaction ends: whoever writes for an owner takes this lock
 * first, so that two writers can neither deadlock nor mix their numbers.
 *
 * An owner's links are numbered from a thousand times its own number. Keys hold the owner too, so equal numbers would do no
 * harm; but people read link numbers aloud, and in a small installation each then names one link only.
 */
export async function ensureOwner(client: PoolClient, id: number): Promise<void> {
  await addMissingOwner(client, id)
  await client.query(lockOwner([id]))
}

/** Creates the owner when there is none, without waiting for whoever writes for it. */
export async function addMissingOwner(client: PoolClient, id: number): Promise<void> {
  const firstLinkId = id * linksApart
  await client.query(insertOwner([id, Number.isSafeInteger(firstLinkId) ? firstLinkId : 0]))
}

const insertOwner = statement('INSERT INTO owners (id, last_link_id) VALUES ($1, $2) ON CONFLICT DO NOTHING')

/** Taken first by whoever writes for an owner. */
export const lockOwner = statement('SELECT FROM owners WHERE id = $1 FOR NO KEY UPDATE')
