import { randomBytes } from 'node:crypto'
import type { Database } from './open.js'

/** What they are for. */
export const keyNames = ['cursor', 'erasure', 'queue'] as const

/** Where there is none yet. */
export const insertKey = 'INSERT INTO server_keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING'

/**
 * A key of 32 random bytes that all servers of this database share; made with the first epoch of its logs (log-epoch.ts), or by the first
 * that asks. Once there is one, nothing is written.
 *
 * Not by Prisma, whose first query in a process takes 75 MB: a server that only serves pages, feeds and exports never pays it.
 */
export async function serverKey({ pool }: Pick<Database, 'pool'>, name: (typeof keyNames)[number]): Promise<Buffer> {
  const find = async () => {
    const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM server_keys WHERE name = $1', [name])
    return rows[0]?.value
  }
  const existing = await find()
  if (existing !== undefined) return existing
  await pool.query(insertKey, [name, randomBytes(32)])
  const made = await find()
  if (made === undefined) throw new Error(`the key ${name} is missing`)
  return made
}

/** Which database it is, wherever it is restored or copied to: it tells nothing, and other databases have another one. */
export async function databaseIdOf(db: Pick<Database, 'pool'>): Promise<string> {
  const key = await serverKey(db, 'queue')
  return key.toString('hex', 0, 16)
}
