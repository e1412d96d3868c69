import { Distribution, secondsBounds } from '../measures.js'
import type { NewVisit } from '../visits/visit.js'
import type { CaptureLog } from './capture-log.js'
import { ClickLanes } from './click-lanes.js'
import type { Committed } from './commit.js'
import { startRecovery } from './recovery.js'
import type { Spool, SpoolState } from './spool.js'
import { TimeLimits } from './time-limits.js'
import { RecordError, WaitingClick } from './waiting-click.js'
import type { Way } from './way.js'

export interface Recorder {
  /**
   * Resolves when the visit is safe: committed, or in the spool and on disk. A visit whose link has vanished meanwhile
   * is dropped, and that is no error.
   *
   * @returns false when the link is used up (`max_visits`): the visit is not stored
   * @throws RecordError when neither is possible: then the click must not be answered as if it had been counted
   */
  record(ownerId: number, visit: NewVisit): Promise<boolean>
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
  /** Visits of a commit. */
  commitSizes: Distribution
  commitSeconds: Distribution
}

export interface RecorderOptions {
  way: Way
  spool: Spool
  /** How long a visit waits to be committed before it goes to the spool. */
  waitMs: number
  log: CaptureLog
  /** Most visits in a commit. */
  batchSize?: number
  /** Most visits that wait to be committed; further ones go to the spool. */
  queueSize?: number
}

const probeLimitMs = 5_000
/** No batch takes that long: the connection is dead although nobody has said so. */
const commitLimitMs = 30_000

/**
 * Click → safe: each visit goes its way in a group commit, and to the spool when that way is closed, stuck, overrun or
 * slower than `waitMs`. Both may happen, because a commit that came too late cannot be called back: the visit's id makes
 * the second one a no-op.
 */
export function openRecorder(options: RecorderOptions): Recorder {
  const { way, spool, waitMs, log, batchSize = 500, queueSize = 10_000 } = options
  const totals = { committed: 0, spooled: 0, orphaned: 0, refused: 0 }
  const commitSizes = new Distribution([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
  const commitSeconds = new Distribution(secondsBounds)
  const unsafe = new Set<WaitingClick>()
  const limits = new TimeLimits()
  let failure: string | null = null
  let isAway = false
  let isSpooling = false
  let isClosed = false

  const onFailure = (error: unknown) => {
    if (failure === null) log.error({ err: error }, 'visits cannot be committed: they go to the spool')
    failure = error instanceof Error ? error.message : String(error)
    isAway ||= way.isAway(error) || isAbort(error)
  }
  const onSpool = () => {
    if (!isSpooling && failure === null) log.warn({}, `${way.name} does not keep up: visits go to the spool`)
    isSpooling = true
  }
  const onAnswer = () => {
    if (failure !== null) log.info({}, `${way.name} answers again`)
    failure = null
    isAway = false
  }

  const probe = () => limits.run(probeLimitMs, (signal) => way.probe(signal))
  const commit = async (ownerId: number, visits: NewVisit[], isLimited: boolean): Promise<Committed> => {
    const since = performance.now()
    const committed = await limits.run(commitLimitMs, (signal) => way.commit(ownerId, visits, { isLimited, signal }))
    commitSeconds.add((performance.now() - since) / 1000)
    count(committed, visits.length)
    return committed
  }
  const count = ({ stored, orphaned, refused }: Committed, size: number) => {
    totals.committed += stored
    totals.orphaned += orphaned.length
    totals.refused += refused.size
    commitSizes.add(size)
    if (orphaned.length > 0) log.warn({ visits: orphaned.length }, 'visits of links that are gone were dropped')
    for (const [id, err] of refused) log.error({ err, visit: id }, `${way.name} refuses a visit`)
  }

  const onDone = () => {
    isSpooling = false
  }
  // Who is in the spool was sent on: that counts, whatever the link's limit.
  const replay = (ownerId: number, visits: NewVisit[]) => commit(ownerId, visits, false)
  const recovery = startRecovery({
    spool,
    probe,
    commit: replay,
    isAway: () => isAway,
    onFailure,
    onAnswer,
    onDone,
    log,
  })
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
      const { refused, exceeding } = await commit(ownerId, visits, true)
      onAnswer()
      const turnedAway = new Set(exceeding)
      for (const click of clicks) {
        if (turnedAway.has(click.visit.id)) click.turnAway()
        else if (!refused.has(click.visit.id)) click.safe()
        else click.refuse(`${way.name} refuses the visit`, refused.get(click.visit.id))
      }
    } catch (error) {
      onFailure(error)
      recovery.wake()
      for (const click of clicks) {
        click.failed('commit', error)
        if (!click.isSpooling) toSpool(click)
      }
    }
  }
  const lanes = new ClickLanes({
    commit: commitClicks,
    lanes: way.lanes,
    batchSize,
    stuckMs: waitMs,
  })

  const record = async (ownerId: number, visit: NewVisit): Promise<boolean> => {
    if (isClosed) throw new RecordError('the server is stopping')
    const click = new WaitingClick(ownerId, visit)
    unsafe.add(click)
    if (isAway || lanes.waiting >= queueSize || lanes.isStuck(ownerId)) {
      click.failed('commit', new Error(failure ?? `${way.name} does not keep up`))
      toSpool(click)
    } else {
      click.after(waitMs, () => toSpool(click))
      lanes.push(click)
    }
    return click.settled.finally(() => unsafe.delete(click))
  }

  return {
    record,
    state: () => ({ waiting: unsafe.size, spool: spool.state(), failure, totals, commitSizes, commitSeconds }),
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
