import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../database/open.js'

/** What stands for a number in the record of erasures: HMAC-SHA-256 with a key of the database's own, made when first needed. */
export async function hashOfMobile({ pool }: Database, digits: string): Promise<Buffer> {
  await pool.query("INSERT INTO server_keys (name, value) VALUES ('erasure', $1) ON CONFLICT (name) DO NOTHING", [
    randomBytes(32),
  ])
  const { rows } = await pool.query<{ value: Buffer }>("SELECT value FROM server_keys WHERE name = 'erasure'")
  if (rows[0] === undefined) throw new Error('the key of erasures is missing')
  return createHmac('sha256', rows[0].value).update(digits).digest()
}
