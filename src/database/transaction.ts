import pg, { type PoolClient, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg'
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
  const transaction = async (client: PoolClient) => {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  }
  return onConnection(db, transaction, signal)
}

/**
 * Runs statements that do not need each other's results as one transaction, all sent at once: the database does not idle
 * between them while this process is busy.
 *
 * @returns their results, in order
 * @throws the error of the first that failed; then nothing is stored
 */
export async function inOneGo<Row extends QueryResultRow>(
  db: Database,
  statements: QueryConfig[],
  signal?: AbortSignal,
): Promise<QueryResult<Row>[]> {
  const transaction = async (client: PoolClient) => {
    const all = [{ text: 'BEGIN' }, ...statements, { text: 'COMMIT' }]
    const outcomes = await Promise.allSettled(inOneWrite(client, () => all.map((one) => client.query<Row>(one))))
    const results = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
    return results.slice(1, -1)
  }
  return onConnection(db, transaction, signal)
}

/** What `send` sends goes out in one piece: a piece for each statement would be a system call here and a waking up there for each. */
function inOneWrite<T>(client: PoolClient, send: () => T): T {
  if (!(client instanceof pg.Client)) return send()
  const { stream } = client.connection
  stream.cork()
  try {
    return send()
  } finally {
    stream.uncork()
  }
}

/** Whatever `work` leaves open when it throws is rolled back. */
async function onConnection<T>(
  db: Database,
  work: (client: PoolClient) => Promise<T>,
  signal: AbortSignal | undefined,
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
    // The pool would let what was sent run to its end.
    if (client instanceof pg.Client) client.connection.stream.destroy()
    release()
  }
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    return await work(client)
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
