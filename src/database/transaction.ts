import type { PoolClient } from 'pg'
import type { Database } from './open.js'

/**
 * Runs `work` in a transaction on one connection of the pool: committed when it returns, rolled back when it throws.
 *
 * @param signal ends it at once by closing the connection, whatever it waits for; whether a commit that was under way
 *   took place is then unknown
 */
export async function inTransaction<T>(
  db: Database,
  work: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = await db.pool.connect()
  let broken: Error | undefined
  let isReleased = false
  const release = () => {
    if (!isReleased) client.release(broken)
    isReleased = true
  }
  const abort = () => {
    broken = new Error('the transaction was given up')
    release()
  }
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed
    })
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
    release()
  }
}
