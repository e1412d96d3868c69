import pg, { type PoolClient, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg'
import { SessionClient } from './session.js'

/** What a transaction needs of a database: of all of it, or of an owner's part (owner-share.ts). */
export interface Transacting {
  pool: { connect(): Promise<PoolClient> }
  /** The statement that begins a transaction. */
  begin: string
  /** Told why one was rolled back. */
  onRollback?: (error: unknown) => void
}

/**
 * Runs `work` in a transaction on one connection of the pool: committed when it returns, rolled back when it throws.
 *
 * @param signal ends it at once, whatever it waits for: the statement is cancelled and the connection closed. Whether a commit that was
 *   under way took place is then unknown
 * @throws the signal's reason after that
 */
export async function inTransaction<T>(
  db: Transacting,
  work: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const transaction = async (client: PoolClient) => {
    await client.query(db.begin)
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
  db: Transacting,
  statements: QueryConfig[],
  signal?: AbortSignal,
): Promise<QueryResult<Row>[]> {
  const transaction = async (client: PoolClient) => {
    const all = [{ text: db.begin }, ...statements, { text: 'COMMIT' }]
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
  db: Transacting,
  work: (client: PoolClient) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted()
  const client = await connectedUnless(db, signal)
  let broken: Error | undefined
  let isReleased = false
  const release = () => {
    if (!isReleased) client.release(broken)
    isReleased = true
  }
  const abort = () => {
    broken = new Error('the transaction was given up')
    // The pool would let what was sent run to its end.
    if (client instanceof SessionClient) void client.giveUp()
    release()
  }
  try {
    signal?.throwIfAborted()
    return await unlessAborted(work(client), signal, abort)
  } catch (error) {
    // The statement after it says only that the connection is lost.
    const reason = client instanceof SessionClient ? (client.endedBy ?? error) : error
    db.onRollback?.(reason)
    if (!isReleased) {
      await client.query('ROLLBACK').catch((failed: Error) => {
        broken = failed
      })
    }
    throw reason
  } finally {
    release()
  }
}

/** Who has given up takes no connection, and one that comes later goes back. */
async function connectedUnless(db: Transacting, signal: AbortSignal | undefined): Promise<PoolClient> {
  const connecting = db.pool.connect()
  try {
    return await unlessAborted(connecting, signal)
  } catch (error) {
    connecting.then(
      (client) => client.release(),
      () => {},
    )
    throw error
  }
}

/** @throws the signal's reason as soon as it says so, after `onAbort` */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, onAbort = () => {}): Promise<T> {
  if (signal === undefined) return work
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      onAbort()
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
