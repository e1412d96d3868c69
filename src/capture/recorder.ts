import { Distribution, secondsBounds } from '../measures.js'
import type { NewVisit } from '../visits/visit.js'
import type { CaptureLog } from './capture-log.js'
import { ClickLanes } from './click-lanes.js'
import type { Committed } from './commit.js'
import { startRecovery } from './recovery.js'
import type { Spool, SpoolState } from './spool.js'
import { StuckOwners } from './stuck-owners.js'
import { isAbort, TimeLimits } from './time-limits.js'
import { RecordError, WaitingClick } from './waiting-click.js'
import type { Way, WayOptions } from './way.js'

export interface Recorder {
  /**
   * Resolves when the visit is safe: committed, or in the spool and on disk. A visit whose link has vanished meanwhile
   * is dropped, and that is no error.
   *
   * @param isLimited its link has `max_visits`: it waits for the log, which keeps to that, and goes to the spool only while the log is
   *   away
   * @returns false when the link is used up: the visit is not stored
   * @throws RecordError when neither is possible: then the click must not be answered as if it had been counted
   */
  record(ownerId: number, visit: NewVisit, isLimited?: boolean): Promise<boolean>
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
/** In the replay, where the visits of others wait behind, and for an owner that was stuck. */
const shortLockMs = 1_000
/** Commits that a click of a link with a limit waits for: they fail although the log answers. */
const mostAttempts = 3

/**
 * Click → safe: each visit goes its way in a group commit, and to the spool when that way is closed, stuck, overrun or
 * slower than `waitMs`. Both may happen, because a commit that came too late cannot be called back: the visit's id makes
 * the second one a no-op.
 *
 * An owner that is stuck is no outage: its clicks go to the spool, where they are left until it is not, and the others' go on.
 */
export function openRecorder(options: RecorderOptions): Recorder {
  const { way, spool, waitMs, log, batchSize = 500, queueSize = 10_000 } = options
  const totals = { committed: 0, spooled: 0, orphaned: 0, refused: 0 }
  const commitSizes = new Distribution([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
  const commitSeconds = new Distribution(secondsBounds)
  const unsafe = new Set<WaitingClick>()
  /** Of links with a limit, waiting for longer than others would. */
  const late = new Set<WaitingClick>()
  /** Of links with a limit: their commit has failed, and whether the log is away is being found out. */
  const undecided = new Set<WaitingClick>()
  const stuck = new StuckOwners()
  const limits = new TimeLimits()
  let failure: string | null = null
  let isAway = false
  /** It was asked, and not only slow or too busy for one commit. */
  let isProvedAway = false
  let isSpooling = false
  let isClosed = false

  const onFailure = (error: unknown) => {
    if (failure === null) log.error({ err: error }, 'visits cannot be committed: they go to the spool')
    failure = error instanceof Error ? error.message : String(error)
    isAway ||= way.isAway(error)
  }
  const beAway = (error: unknown) => {
    isAway = true
    isProvedAway = true
    for (const click of new Set([...late, ...undecided])) {
      if (click.isSpooling) continue
      click.failed('commit', error)
      toSpool(click)
    }
    undecided.clear()
  }
  const onStuck = (ownerId: number, error: unknown) => {
    if (!stuck.hasFailed(ownerId)) {
      log.warn({ err: error, owner: ownerId }, 'visits of an owner cannot be committed for now: they go to the spool')
    }
    stuck.add(ownerId)
  }
  const onSpool = () => {
    if (!isSpooling && failure === null) log.warn({}, `${way.name} does not keep up: visits go to the spool`)
    isSpooling = true
  }
  const onAnswer = () => {
    if (failure !== null) log.info({}, `${way.name} answers again`)
    failure = null
    isAway = false
    isProvedAway = false
    for (const click of undecided) {
      undecided.delete(click)
      lanes.push(click)
    }
  }

  const probe = async () => {
    try {
      await limits.run(probeLimitMs, (signal) => way.probe(signal))
    } catch (error) {
      beAway(error)
      throw error
    }
  }
  const commit = async (ownerId: number, visits: NewVisit[], options: Omit<WayOptions, 'signal'>) => {
    const since = performance.now()
    const committed = await limits.run(commitLimitMs, (signal) => way.commit(ownerId, visits, { ...options, signal }))
    if (stuck.delete(ownerId)) log.info({ owner: ownerId }, 'visits of an owner can be committed again')
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
  const replay = async (ownerId: number, visits: NewVisit[]): Promise<Committed | null> => {
    try {
      return await commit(ownerId, visits, { isLimited: false, lockMs: shortLockMs })
    } catch (error) {
      if (!way.isStuck(error)) throw error
      onStuck(ownerId, error)
      // Who does not answer at all may be away.
      if (isAbort(error)) throw error
      return null
    }
  }
  const recovery = startRecovery({
    spool,
    probe,
    commit: replay,
    isStuck: (ownerId) => stuck.has(ownerId),
    isAsked: () => isAway || late.size + undecided.size > 0,
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
      const { refused, exceeding } = await commit(ownerId, visits, {
        isLimited: true,
        ...(stuck.hasFailed(ownerId) && { lockMs: shortLockMs }),
      })
      onAnswer()
      const turnedAway = new Set(exceeding)
      for (const click of clicks) {
        if (turnedAway.has(click.visit.id)) click.turnAway()
        else if (!refused.has(click.visit.id)) click.safe()
        else click.refuse(`${way.name} refuses the visit`, refused.get(click.visit.id))
      }
    } catch (error) {
      const isStuck = way.isStuck(error)
      if (isStuck) onStuck(ownerId, error)
      else onFailure(error)
      recovery.wake()
      for (const click of clicks) onFailedClick(click, error)
    }
  }
  const onFailedClick = (click: WaitingClick, error: unknown) => {
    if (click.isLimited && !click.isSpooling && !isProvedAway) {
      click.attempts += 1
      if (way.isStuck(error) || click.attempts === mostAttempts) click.refuse('the log did not take the visit', error)
      else undecided.add(click)
      return
    }
    click.failed('commit', error)
    if (!click.isSpooling) toSpool(click)
  }
  const lanes = new ClickLanes({
    commit: commitClicks,
    lanes: way.lanes,
    batchSize,
    stuckMs: waitMs,
  })

  const toLog = (click: WaitingClick) => {
    click.after(waitMs, () => {
      if (!click.isLimited) return toSpool(click)
      late.add(click)
      recovery.wake()
    })
    lanes.push(click)
  }
  const record = async (ownerId: number, visit: NewVisit, isLimited = false): Promise<boolean> => {
    if (isClosed) throw new RecordError('the server is stopping')
    const click = new WaitingClick(ownerId, visit, isLimited && way.keepsLimits)
    unsafe.add(click)
    const cause = () => new Error(failure ?? `${way.name} does not keep up`)
    const isBehind = lanes.waiting >= queueSize || stuck.has(ownerId)
    if (click.isLimited && !isProvedAway) {
      if (isBehind) click.refuse('the log does not take the visit now', cause())
      else toLog(click)
    } else if (isAway || isBehind || lanes.isStuck(ownerId)) {
      click.failed('commit', cause())
      toSpool(click)
    } else toLog(click)
    return click.settled.finally(() => {
      unsafe.delete(click)
      late.delete(click)
      undecided.delete(click)
    })
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
