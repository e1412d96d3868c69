/** What an import remembers of another server, so that it can be ended at any time and run again. */
import type { PoolClient } from 'pg'
import { type Database, statement } from '../database/open.js'

export interface Memory {
  ownerId: number
  /** The other server: the address of its API, or the name of its program. */
  source: string
}

/** Everything up to some item of a list is copied. */
export interface Reached {
  /** Id of that item, or a feed's own cursor; null: nothing is copied. */
  anchor: string | null
  /** How many items these are, about: where to look for it. */
  copied: number
}

/** The link here that stands for one there; null when none does. */
export async function rememberedLink(client: PoolClient, memory: Memory, key: string): Promise<number | null> {
  const { rows } = await client.query<{ link_id: string | null }>(selectLink([...keyOf(memory), key]))
  const id = rows[0]?.link_id ?? null
  return id === null ? null : Number(id)
}

export async function rememberLink(client: PoolClient, memory: Memory, key: string, linkId: number): Promise<void> {
  await client.query(upsertLink([...keyOf(memory), key, linkId]))
}

/** How far the visits of a link are copied, or (key '') those of all links. */
export async function readReached(db: Database, memory: Memory, key: string): Promise<Reached> {
  const { rows } = await db.pool.query<{ cursor: string | null; copied: string }>(
    selectReached([...keyOf(memory), key]),
  )
  return { anchor: rows[0]?.cursor ?? null, copied: Number(rows[0]?.copied ?? 0) }
}

export async function writeReached(db: Database, memory: Memory, key: string, reached: Reached): Promise<void> {
  await db.pool.query(upsertReached([...keyOf(memory), key, reached.anchor, reached.copied]))
}

const keyOf = ({ ownerId, source }: Memory) => [ownerId, source]

const selectLink = statement('SELECT link_id FROM imported_links WHERE user_id = $1 AND source = $2 AND key = $3')

const upsertLink = statement(`
INSERT INTO imported_links (user_id, source, key, link_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, source, key) DO UPDATE SET link_id = EXCLUDED.link_id`)

const selectReached = statement(
  'SELECT cursor, copied FROM imported_links WHERE user_id = $1 AND source = $2 AND key = $3',
)

const upsertReached = statement(`
INSERT INTO imported_links (user_id, source, key, cursor, copied) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, source, key) DO UPDATE SET cursor = EXCLUDED.cursor, copied = EXCLUDED.copied`)
