import { createHmac } from 'node:crypto'
import type { Database } from '../database/open.js'
import { serverKey } from '../database/server-key.js'

/** What stands for a number in the record of erasures: HMAC-SHA-256 with a key of the database's own, made when first needed. */
export async function hashOfMobile(db: Database, digits: string): Promise<Buffer> {
  return createHmac('sha256', await serverKey(db, 'erasure'))
    .update(digits)
    .digest()
}
