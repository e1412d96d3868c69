import type { PoolClient } from 'pg'
import { ensureOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { invalid } from '../http/errors.js'
import { announceToken } from './announce.js'
import { contentColumns, contentOf, contentParameters, contentValues, type LinkContent, newContent } from './content.js'
import { refuseNumbers } from './refuse-numbers.js'
import { isReserved } from './reserved.js'
import { type LinkRow, linkColumns } from './resource.js'
import type { LinkFields } from './schema.js'
import { newToken } from './token.js'

/** As long as the hosted service's. Who guesses one finds what its owner gives out to everybody. */
const tokenLength = 6

/**
 * Creates a link with the owner's next number and a code of its own, the one wanted or a random one. The owner is created when
 * there is none: a token that is accepted may speak of one that nobody has met yet.
 *
 * @param zone of `last_visited`
 * @param seesNumbers whether whoever asks may see whole numbers, and so have them sent somewhere (mobile-placeholder.ts)
 * @throws HttpError 422 when somebody has, or ever had, the wanted code, 403 for what would give out numbers
 */
export async function createLink(
  db: Database,
  ownerId: number,
  fields: LinkFields,
  zone: string,
  seesNumbers = true,
): Promise<LinkRow> {
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await ensureOwner(client, ownerId)
    const { rows } = await client.query<{ last_link_id: string }>(nextNumber([ownerId]))
    const id = Number(rows[0]?.last_link_id)
    const content = contentOf(fields, newContent)
    if (!seesNumbers) await refuseNumbers(client, ownerId, null, content)
    if (fields.slug === undefined) return withRandomToken(client, ownerId, id, content, zone)
    const row = await insert(client, ownerId, id, fields.slug, content, zone)
    if (row === undefined) throw slugTaken()
    await client.query(announceToken([fields.slug]))
    return row
  })
}

/** Says no more than that: whose the code is, is nobody's business. */
export const slugTaken = () => invalid({ slug: ['The slug has already been taken.'] })

async function withRandomToken(
  client: PoolClient,
  ownerId: number,
  id: number,
  content: LinkContent,
  zone: string,
): Promise<LinkRow> {
  for (;;) {
    const token = newToken(tokenLength)
    const row = isReserved(token) ? undefined : await insert(client, ownerId, id, token, content, zone)
    if (row !== undefined) return row
  }
}

/** @returns nothing when the token is taken */
async function insert(
  client: PoolClient,
  ownerId: number,
  id: number,
  token: string,
  content: LinkContent,
  zone: string,
): Promise<LinkRow | undefined> {
  const { rows } = await client.query<LinkRow>(insertLink([ownerId, id, token, zone, ...contentValues(content)]))
  return rows[0]
}

const nextNumber = statement('UPDATE owners SET last_link_id = last_link_id + 1 WHERE id = $1 RETURNING last_link_id')

/** The token first: of two who want the same, the second waits here for the first, and then gets nothing. */
const insertLink = statement(`
WITH taken AS (
  INSERT INTO tokens (user_id, link_id, token) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING token
)
INSERT INTO links AS l (user_id, id, token, ${contentColumns})
SELECT $1, $2, token, ${contentParameters(5)} FROM taken
RETURNING ${linkColumns('$4')}`)
