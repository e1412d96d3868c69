import { createHmac } from 'node:crypto'
import type { Database } from '../database/open.js'
import { serverKey } from '../database/server-key.js'

/** What stands for a number in the record of erasures: HMAC-SHA-256 with a key of the database's own, made when first needed. */
export async function hashOfMobile(db: Database, digits: string): Promise<Buffer> {
  const hash = await mobileHasher(db)
  return hash(digits)
}

/** The same for several numbers. */
export async function mobileHasher(db: Database): Promise<(digits: string) => Buffer> {
  const key = await serverKey(db, 'erasure')
  return (digits) => createHmac('sha256', key).update(digits).digest()
}
