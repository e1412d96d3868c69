import { type Database, statement } from '../database/open.js'
import { linksApart } from './repository.js'

export interface Owner {
  id: number
  name: string | null
  createdAt: Date
}

interface OwnerRow {
  id: string
  name: string | null
  created_at: Date
}

/** @returns null for an owner that nobody has created yet */
export async function findOwner(db: Database, id: number): Promise<Owner | null> {
  const { rows } = await db.pool.query<OwnerRow>(ownerById([id]))
  return rows[0] === undefined ? null : owner(rows[0])
}

/** All of them, by number. */
export async function listOwners(db: Database): Promise<Owner[]> {
  const { rows } = await db.pool.query<OwnerRow>('SELECT id, name, created_at FROM owners ORDER BY id')
  return rows.map(owner)
}

/**
 * Creates an owner with this number, or with the one after the largest.
 *
 * @returns its number; null when there is one with it already
 */
export async function createOwner(db: Database, id: number | null, name: string | null): Promise<number | null> {
  for (;;) {
    const { rows } = await db.pool.query<{ id: string }>(insertOwner([id, name]))
    if (rows[0] !== undefined) return Number(rows[0].id)
    // Without a number of its own somebody else has taken the next one at this moment.
    if (id !== null) return null
  }
}

const owner = ({ id, name, created_at: createdAt }: OwnerRow): Owner => ({ id: Number(id), name, createdAt })

const ownerById = statement('SELECT id, name, created_at FROM owners WHERE id = $1')

const insertOwner = statement(`
WITH given AS (SELECT coalesce($1::int8, (SELECT coalesce(max(id), 0) + 1 FROM owners)) AS id)
INSERT INTO owners (id, name, last_link_id)
SELECT id, $2, CASE WHEN id <= ${Math.floor(Number.MAX_SAFE_INTEGER / linksApart)} THEN id * ${linksApart} ELSE 0 END FROM given
ON CONFLICT DO NOTHING RETURNING id`)
