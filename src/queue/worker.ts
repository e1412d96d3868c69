import { setTimeout as wait } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import type { CaptureLog } from '../capture/capture-log.js'
import { TimeLimits } from '../capture/time-limits.js'
import type { Database } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import type { Queue } from './queue.js'
import { openSession, type Session } from './session.js'

/** Who brings visits from the queue into the log. Any number of them share the work, in this process or others. */
export interface Worker {
  state(): WorkerState
  /** Finishes what it has in hand. */
  close(): Promise<void>
}

export interface WorkerState {
  /** How many partitions of the queue it reads. */
  partitions: number
  /** Messages in hand. */
  waiting: number
  /** Why nothing goes on; null while it does. */
  failure: string | null
  /** Since the start. */
  totals: { stored: number; orphaned: number; refused: number }
}

export interface WorkerOptions {
  queue: Queue
  db: Database
  log: CaptureLog
}

const probeLimitMs = 5_000
const firstDelayMs = 100
const longestDelayMs = 2_000

export function openWorker({ queue, db, log }: WorkerOptions): Worker {
  const totals = { stored: 0, orphaned: 0, refused: 0 }
  const limits = new TimeLimits()
  const closing = new AbortController()
  let session: Session | null = null
  let failure: string | null = null
  let delayMs = firstDelayMs

  const onFailure = (error: unknown) => {
    if (closing.signal.aborted) return
    if (failure === null) log.error({ err: error }, 'visits wait in the queue: they cannot be stored')
    failure = error instanceof Error ? error.message : String(error)
  }
  const onSuccess = () => {
    if (failure !== null) log.info({}, 'visits of the queue are stored again')
    failure = null
    delayMs = firstDelayMs
  }
  const probe = () => {
    const ask = (client: PoolClient) => client.query('SELECT').then(() => {})
    return limits.run(probeLimitMs, (signal) => inTransaction(db, ask, signal))
  }
  const work = async () => {
    await probe()
    await queue.prepare()
    session = openSession({
      queue,
      db,
      log,
      onStored: ({ stored, orphaned }) => {
        totals.stored += stored
        totals.orphaned += orphaned
        if (orphaned > 0) log.warn({ visits: orphaned }, 'visits of links that are gone were dropped')
        onSuccess()
      },
      onRefused: () => {
        totals.refused += 1
      },
      onIdle: onSuccess,
    })
    await Promise.race([session.failed, aborted(closing.signal)])
  }
  const run = async () => {
    while (!closing.signal.aborted) {
      await work().catch(onFailure)
      await session?.close()
      session = null
      await wait(delayMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
      delayMs = Math.min(delayMs * 2, longestDelayMs)
    }
  }
  const running = run()

  return {
    state: () => ({ ...(session?.state() ?? { partitions: 0, waiting: 0 }), failure, totals }),
    async close() {
      closing.abort()
      limits.endAll()
      await running
    },
  }
}

/** Resolves when it is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
