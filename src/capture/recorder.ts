import type { PoolClient } from 'pg'
import { isDatabaseAway } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { inTransaction } from '../database/transaction.js'
import type { NewVisit } from '../visits/visit.js'
import type { CaptureLog } from './capture-log.js'
import { ClickLanes } from './click-lanes.js'
import { type Committed, commitVisits } from './commit.js'
import { startRecovery } from './recovery.js'
import type { Spool, SpoolState } from './spool.js'
import { TimeLimits } from './time-limits.js'
import { RecordError, WaitingClick } from './waiting-click.js'

export interface Recorder {
  /**
   * Resolves when the visit is safe: committed, or in the spool and on disk. A visit whose link has vanished meanwhile
   * is dropped, and that is no error.
   *
   * @throws RecordError when neither is possible: then the click must not be answered as if it had been counted
   */
  record(ownerId: number, visit: NewVisit): Promise<void>
  state(): RecorderState
  /** Takes no more visits, and returns when all that were taken are safe. Close the spool afterwards. */
  close(): Promise<void>
}

export interface RecorderState {
  /** Visits that are not safe yet. */
  waiting: number
  spool: SpoolState
  /** Why the last commit failed; null while they succeed. */
  failure: string | null
  /** Since the start. */
  totals: { committed: number; spooled: number; orphaned: number; refused: number }
  /** How many commits there were of 1, up to 2, up to 4, up to 8 … visits. */
  commitSizes: number[]
}

export interface RecorderOptions {
  db: Database
  spool: Spool
  /** How long a visit waits for the database before it goes to the spool. */
  waitMs: number
  log: CaptureLog
  /** Most visits in a transaction. */
  batchSize?: number
  /** Most visits that wait for the database; further ones go to the spool. */
  queueSize?: number
}

const probeLimitMs = 5_000
/** No batch takes that long: the connection is dead although nobody has said so. */
const commitLimitMs = 30_000

/**
 * Click → log: each visit goes to the database in a group commit, and to the spool when that is away, stuck, overrun or
 * slower than `waitMs`. Both may happen, because a commit that came too late cannot be called back: the visit's id makes
 * the second one a no-op.
 */
export function openRecorder(options: RecorderOptions): Recorder {
  const { db, spool, waitMs, log, batchSize = 500, queueSize = 10_000 } = options
  const totals = { committed: 0, spooled: 0, orphaned: 0, refused: 0 }
  const commitSizes: number[] = []
  const unsafe = new Set<WaitingClick>()
  const limits = new TimeLimits()
  let failure: string | null = null
  let isAway = false
  let isSpooling = false
  let isClosed = false

  const onFailure = (error: unknown) => {
    if (failure === null) log.error({ err: error }, 'visits cannot be committed: they go to the spool')
    failure = error instanceof Error ? error.message : String(error)
    isAway ||= isDatabaseAway(error) || isAbort(error)
  }
  const onSpool = () => {
    if (!isSpooling && failure === null) log.warn({}, 'the database does not keep up: visits go to the spool')
    isSpooling = true
  }
  const onAnswer = () => {
    if (failure !== null) log.info({}, 'the database answers again')
    failure = null
    isAway = false
  }

  const probe = () => {
    const ask = (client: PoolClient) => client.query('SELECT').then(() => {})
    return limits.run(probeLimitMs, (signal) => inTransaction(db, ask, signal))
  }
  const commit = async (ownerId: number, visits: NewVisit[]): Promise<Committed> => {
    const committed = await limits.run(commitLimitMs, (signal) => commitVisits(db, ownerId, visits, signal))
    count(committed, visits.length)
    return committed
  }
  const count = ({ stored, orphaned, refused }: Committed, size: number) => {
    totals.committed += stored
    totals.orphaned += orphaned.length
    totals.refused += refused.size
    const power = Math.ceil(Math.log2(size))
    while (commitSizes.length <= power) commitSizes.push(0)
    commitSizes[power] = (commitSizes[power] ?? 0) + 1
    if (orphaned.length > 0) log.warn({ visits: orphaned.length }, 'visits of links that are gone were dropped')
    for (const [id, err] of refused) log.error({ err, visit: id }, 'the database refuses a visit')
  }

  const onDone = () => {
    isSpooling = false
  }
  const recovery = startRecovery({ spool, probe, commit, isAway: () => isAway, onFailure, onAnswer, onDone, log })
  spool.whenFound(recovery.wake)
  const toSpool = (click: WaitingClick) => {
    onSpool()
    click.isSpooling = true
    spool.append(click.ownerId, click.visit).then(
      () => {
        totals.spooled += 1
        click.safe()
        recovery.wake()
      },
      (error: unknown) => {
        click.failed('spool', error)
        recovery.wake()
      },
    )
  }
  const commitClicks = async (ownerId: number, clicks: WaitingClick[]) => {
    try {
      const visits = clicks.map(({ visit }) => visit)
      const { refused } = await commit(ownerId, visits)
      onAnswer()
      for (const click of clicks) {
        if (!refused.has(click.visit.id)) click.safe()
        else click.refuse('the database refuses the visit', refused.get(click.visit.id))
      }
    } catch (error) {
      onFailure(error)
      recovery.wake()
      for (const click of clicks) {
        click.failed('database', error)
        if (!click.isSpooling) toSpool(click)
      }
    }
  }
  const lanes = new ClickLanes({
    commit: commitClicks,
    // The rest is for readers and for the replay.
    lanes: Math.max(1, Math.floor((db.pool.options.max ?? 10) / 2)),
    batchSize,
    stuckMs: waitMs,
  })

  const record = async (ownerId: number, visit: NewVisit): Promise<void> => {
    if (isClosed) throw new RecordError('the server is stopping')
    const click = new WaitingClick(ownerId, visit)
    unsafe.add(click)
    if (isAway || lanes.waiting >= queueSize || lanes.isStuck(ownerId)) {
      click.failed('database', new Error(failure ?? 'the database does not keep up'))
      toSpool(click)
    } else {
      click.after(waitMs, () => toSpool(click))
      lanes.push(click)
    }
    await click.settled.finally(() => unsafe.delete(click))
  }

  return {
    record,
    state: () => ({ waiting: unsafe.size, spool: spool.state(), failure, totals, commitSizes }),
    close: async () => {
      isClosed = true
      await Promise.allSettled([...unsafe].map(({ settled }) => settled))
      // Nobody waits any more for what is still in flight: it is in the spool, too.
      const recovered = recovery.close()
      limits.endAll()
      await recovered
    },
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
