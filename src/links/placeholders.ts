/** Links that exist only because an import brought visits of them. */
import type { PoolClient } from 'pg'
import { statement } from '../database/open.js'
import { newToken } from './token.js'

/** Nobody opens a link without a target, so its code leaves the short ones to links that people see. */
const tokenLength = 10

/**
 * Creates the missing ones of an owner's links, inactive and without a target. The caller holds the owner's lock.
 *
 * @returns the ids that were deleted before: they get nothing any more
 */
export async function ensureLinks(client: PoolClient, ownerId: number, ids: Iterable<number>): Promise<Set<number>> {
  const wanted = [...new Set(ids)]
  const { rows } = await client.query<{ id: string; deleted: boolean }>(linksById([ownerId, wanted]))
  const present = new Set(rows.map(({ id }) => Number(id)))
  const missing = wanted.filter((id) => !present.has(id))
  if (missing.length > 0) {
    await client.query(insertLinks([ownerId, missing, missing.map(() => newToken(tokenLength))]))
    await client.query(raiseLastLink([ownerId, Math.max(...missing)]))
  }
  return new Set(rows.filter(({ deleted }) => deleted).map(({ id }) => Number(id)))
}

/** A link that an import created has one token for each recipient when its visits do. Links with a target say so themselves. */
export async function markTracked(client: PoolClient, ownerId: number, ids: Iterable<number>): Promise<void> {
  await client.query(setAdvanced([ownerId, [...new Set(ids)]]))
}

const linksById = statement(
  'SELECT id, deleted_at IS NOT NULL AS deleted FROM links WHERE user_id = $1 AND id = ANY ($2::int8[])',
)

const insertLinks = statement(`
WITH created AS (
  INSERT INTO links (user_id, id, token, long_url, status)
  SELECT $1, t.id, t.token, '', 0 FROM unnest($2::int8[], $3::text[]) AS t (id, token)
  RETURNING user_id, id, token
)
INSERT INTO tokens (user_id, link_id, token) SELECT user_id, id, token FROM created`)

const raiseLastLink = statement('UPDATE owners SET last_link_id = greatest(last_link_id, $2) WHERE id = $1')

const setAdvanced = statement(`
UPDATE links SET is_advanced = true
WHERE user_id = $1 AND id = ANY ($2::int8[]) AND long_url = '' AND NOT is_advanced`)
