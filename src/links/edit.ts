import type { PoolClient } from 'pg'
import { lockOwner } from '../accounts/repository.js'
import { type Database, statement } from '../database/open.js'
import { writerOf } from '../database/owner-share.js'
import { inTransaction } from '../database/transaction.js'
import { notFound } from '../http/errors.js'
import { announceLink, announceToken } from './announce.js'
import { contentColumns, contentOf, contentParameters, contentValues, type LinkContent } from './content.js'
import { slugTaken } from './create.js'
import { refuseNumbers } from './refuse-numbers.js'
import { type LinkRow, linkColumns } from './resource.js'
import type { LinkFields } from './schema.js'

/**
 * Changes what the request says and leaves the rest. Another slug becomes the link's code; the ones before it go on leading to
 * the link, because they are out in messages.
 *
 * Nothing of it shows in visits that are recorded, so no revision is raised.
 *
 * @param zone of `last_visited`
 * @param seesNumbers whether whoever asks may see whole numbers, and so change where they are sent (mobile-placeholder.ts)
 * @throws HttpError 404 for a missing link and for one of somebody else, 422 when somebody else has, or ever had, the slug, 403
 *   for what would give out numbers
 */
export async function editLink(
  db: Database,
  ownerId: number,
  id: number,
  fields: LinkFields,
  zone: string,
  seesNumbers = true,
): Promise<LinkRow> {
  return inTransaction(writerOf(db, ownerId), async (client) => {
    await client.query(lockOwner([ownerId]))
    const { rows } = await client.query<LinkContent & { token: string | null }>(selectContent([ownerId, id]))
    const before = rows[0]
    if (before === undefined) throw notFound()
    // A link that an import made up has no target, and waits for one to be opened.
    const status = before.long_url === '' ? 1 : before.status
    const content = contentOf(fields, { ...before, status })
    if (!seesNumbers) await refuseNumbers(client, ownerId, before, content)
    const { slug = before.token } = fields
    if (slug !== null && slug !== before.token) await takeSlug(client, ownerId, id, slug)
    const updated = await client.query<LinkRow>(updateLink([ownerId, id, slug, zone, ...contentValues(content)]))
    const row = updated.rows[0]
    if (row === undefined) throw notFound()
    await client.query(announceLink([ownerId, id]))
    return row
  })
}

/** A code that this link had before is its own still; that of a recipient is not the link's. */
async function takeSlug(client: PoolClient, ownerId: number, id: number, slug: string): Promise<void> {
  const { rows } = await client.query(insertToken([ownerId, id, slug]))
  if (rows.length === 0) throw slugTaken()
  await client.query(announceToken([slug]))
}

const selectContent = statement(`
SELECT token, max_visits::float8, ${contentColumns.replace('max_visits, ', '')}
FROM links WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`)

const insertToken = statement(`
WITH taken AS (
  INSERT INTO tokens (user_id, link_id, token) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING token
)
SELECT token FROM taken
UNION ALL
SELECT t.token FROM tokens t
WHERE t.token = $3 AND t.user_id = $1 AND t.link_id = $2 AND t.erased_at IS NULL AND NOT EXISTS (SELECT FROM recipients r WHERE r.token = $3)`)

// The clock of the moment: the transaction may have waited for an edit that began later.
const updateLink = statement(`
UPDATE links l SET token = $3, updated_at = clock_timestamp(), (${contentColumns}) = (${contentParameters(5)})
WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL
RETURNING ${linkColumns('$4')}`)
