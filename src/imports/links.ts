/** Gives links of another server a place among an owner's. The caller holds the owner's lock. */
import type { PoolClient } from 'pg'
import { statement } from '../database/open.js'
import { announceLink, announceToken } from '../links/announce.js'
import { contentColumns, contentParameters, contentValues, type LinkContent } from '../links/content.js'
import { isReserved, tokenShape } from '../links/reserved.js'
import { newToken } from '../links/token.js'
import { type Memory, rememberedLink, rememberLink } from './memory.js'

export interface NewLink {
  /** Which one it is there. */
  key: string
  /** The number it would like. */
  id: number | null
  /** The code it would like; null where it has none. */
  token: string | null
  content: LinkContent
  /** As PostgreSQL reads it; null: now. */
  createdAt: string | null
  updatedAt: string | null
}

export interface PlacedLink {
  id: number
  isNew: boolean
  /** It was deleted here: its visits are not wanted any more. */
  isDeleted: boolean
  /** What is other than there, to be told. */
  notes: string[]
}

/** As long as the hosted service's. */
const tokenLength = 6

/**
 * The link here that stands for one there: the one remembered, or else the owner's own with its code, or else a new one. That
 * keeps its number where it is free, and its code where nobody has it and it is no word of this server's own.
 *
 * A link that is without a target, because it only came about by its visits, becomes that link.
 */
export async function placeLink(client: PoolClient, memory: Memory, link: NewLink): Promise<PlacedLink> {
  const known = (await rememberedLink(client, memory, link.key)) ?? (await sameLink(client, memory, link))
  const there = known === null ? undefined : await linkHere(client, memory, known)
  const isKnown = known !== null && !(there?.isEmpty && link.content.long_url !== '')
  const placed = isKnown
    ? { id: known, isNew: false, isDeleted: there?.isDeleted ?? true, notes: [] }
    : await create(client, memory, link, known ?? (await freeNumber(client, memory, link.id)))
  await rememberLink(client, memory, link.key, placed.id)
  return placed
}

/** A link of the owner's that has the code already. With another target it is another link. */
async function sameLink(client: PoolClient, { ownerId }: Memory, link: NewLink): Promise<number | null> {
  if (link.token === null) return null
  const { rows } = await client.query<{ id: string }>(
    ownByToken([ownerId, link.token, link.content.long_url, link.createdAt]),
  )
  return rows[0] === undefined ? null : Number(rows[0].id)
}

interface LinkHere {
  isDeleted: boolean
  isEmpty: boolean
  /** It stands for a link elsewhere. */
  isRemembered: boolean
}

async function linkHere(client: PoolClient, { ownerId }: Memory, id: number): Promise<LinkHere | undefined> {
  const { rows } = await client.query<LinkHere>(linkById([ownerId, id]))
  return rows[0]
}

async function create(client: PoolClient, memory: Memory, link: NewLink, id: number): Promise<PlacedLink> {
  const { ownerId } = memory
  const { content, createdAt, updatedAt, id: wanted } = link
  const notes: string[] = []
  if (wanted !== null && id !== wanted) notes.push(`link ${wanted} is link ${id} here, because the number is taken`)
  await client.query(upsertLink([ownerId, id, createdAt, updatedAt, ...contentValues(content)]))
  if (link.token !== null) {
    const token = await takeToken(client, ownerId, id, link.token)
    if (token !== link.token) {
      const why = canBeToken(link.token) ? 'is taken here' : 'cannot be one here'
      notes.push(`link ${id} has the code ${token}, because ${link.token} ${why}`)
    }
    await client.query(announceToken([token]))
  }
  await client.query(announceLink([ownerId, id]))
  return { id, isNew: true, isDeleted: false, notes }
}

/** The number wanted, or the next one. A link that only came about by visits of that number (links/placeholders.ts) has it too. */
async function freeNumber(client: PoolClient, memory: Memory, wanted: number | null): Promise<number> {
  if (wanted !== null) {
    const there = await linkHere(client, memory, wanted)
    if (there === undefined) await client.query(raiseLastLink([memory.ownerId, wanted]))
    if (there === undefined || (there.isEmpty && !there.isRemembered)) return wanted
  }
  const { rows } = await client.query<{ last_link_id: string }>(nextNumber([memory.ownerId]))
  return Number(rows[0]?.last_link_id)
}

async function takeToken(client: PoolClient, ownerId: number, id: number, wanted: string): Promise<string> {
  for (let token = wanted; ; token = newToken(tokenLength)) {
    if (!canBeToken(token)) continue
    const { rows } = await client.query(insertToken([ownerId, id, token]))
    if (rows.length === 0) continue
    await client.query(setToken([ownerId, id, token]))
    return token
  }
}

const shape = new RegExp(tokenShape)

function canBeToken(text: string): boolean {
  return shape.test(text) && !isReserved(text)
}

const ownByToken = statement(`
SELECT l.id FROM tokens t JOIN links l ON l.user_id = t.user_id AND l.id = t.link_id
WHERE t.user_id = $1 AND t.token = $2 AND t.erased_at IS NULL AND NOT EXISTS (SELECT FROM recipients r WHERE r.token = t.token)
  AND ($3 = '' OR l.long_url IN ($3, '') OR l.created_at = $4::timestamptz)`)

const linkById = statement(`
SELECT deleted_at IS NOT NULL AS "isDeleted", deleted_at IS NULL AND long_url = '' AS "isEmpty",
  EXISTS (SELECT FROM imported_links i WHERE i.user_id = $1 AND i.link_id = l.id) AS "isRemembered"
FROM links l WHERE user_id = $1 AND id = $2`)

const raiseLastLink = statement('UPDATE owners SET last_link_id = greatest(last_link_id, $2) WHERE id = $1')

const nextNumber = statement('UPDATE owners SET last_link_id = last_link_id + 1 WHERE id = $1 RETURNING last_link_id')

const upsertLink = statement(`
INSERT INTO links AS l (user_id, id, created_at, updated_at, ${contentColumns})
VALUES ($1, $2, coalesce($3::timestamptz, now()), coalesce($4::timestamptz, now()), ${contentParameters(5)})
ON CONFLICT (user_id, id) DO UPDATE SET created_at = coalesce($3::timestamptz, l.created_at),
  updated_at = EXCLUDED.updated_at, (${contentColumns}) = (${contentParameters(5)})`)

/** One that the link has already is its own. */
const insertToken = statement(`
WITH taken AS (
  INSERT INTO tokens (user_id, link_id, token) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING token
)
SELECT token FROM taken
UNION ALL
SELECT t.token FROM tokens t
WHERE t.token = $3 AND t.user_id = $1 AND t.link_id = $2 AND t.erased_at IS NULL AND NOT EXISTS (SELECT FROM recipients r WHERE r.token = t.token)`)

const setToken = statement('UPDATE links SET token = $3 WHERE user_id = $1 AND id = $2')
