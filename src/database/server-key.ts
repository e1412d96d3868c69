import { randomBytes } from 'node:crypto'
import type { Database } from './open.js'

/**
 * A key of 32 random bytes that all servers of this database share; made by the first that asks. Once there is one, nothing is written.
 *
 * Not by Prisma, whose first query in a process takes 75 MB: a server that only serves pages, feeds and exports never pays it.
 */
export async function serverKey(
  { pool }: Pick<Database, 'pool'>,
  name: 'cursor' | 'erasure' | 'queue',
): Promise<Buffer> {
  const find = async () => {
    const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM server_keys WHERE name = $1', [name])
    return rows[0]?.value
  }
  const existing = await find()
  if (existing !== undefined) return existing
  const make = 'INSERT INTO server_keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING'
  await pool.query(make, [name, randomBytes(32)])
  const made = await find()
  if (made === undefined) throw new Error(`the key ${name} is missing`)
  return made
}

/** Which database it is, wherever it is restored or copied to: it tells nothing, and other databases have another one. */
export async function databaseIdOf(db: Pick<Database, 'pool'>): Promise<string> {
  const key = await serverKey(db, 'queue')
  return key.toString('hex', 0, 16)
}
