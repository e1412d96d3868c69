import { setTimeout as wait } from 'node:timers/promises'
import type { NewVisit } from '../visits/visit.js'
import type { CaptureLog } from './capture-log.js'
import type { Committed } from './commit.js'
import type { Spool } from './spool.js'
import type { SpooledVisit } from './spool-record.js'

export interface RecoveryOptions {
  spool: Spool
  /** Rejects while nothing can be committed. */
  probe: () => Promise<void>
  /** Null when the owner is stuck. */
  commit: (ownerId: number, visits: NewVisit[]) => Promise<Committed | null>
  /** Owners whose visits are left for later. */
  isStuck: (ownerId: number) => boolean
  /** Whether somebody waits to hear whether something can be committed. */
  isAsked: () => boolean
  onFailure: (error: unknown) => void
  onAnswer: () => void
  /** Nothing is left in the spool. */
  onDone: () => void
  log: CaptureLog
}

export interface Recovery {
  /** There is something in the spool, or nothing can be committed. */
  wake(): void
  close(): Promise<void>
}

const batchSize = 500
const firstDelayMs = 100
const longestDelayMs = 2_000

/** Commits the spool's visits, oldest first, whenever that works. Whose cannot be committed are left, and the others' go on. */
export function startRecovery(options: RecoveryOptions): Recovery {
  const { spool, probe, isAsked, onFailure, onAnswer, onDone, log } = options
  const closing = new AbortController()
  let running: Promise<void> | null = null

  const run = async () => {
    let delayMs = firstDelayMs
    while (isAsked() || spool.state().files > 0) {
      await wait(delayMs, undefined, { signal: closing.signal, ref: false })
      // After a failure, and for what is left because its owner is stuck.
      delayMs = Math.min(delayMs * 2, longestDelayMs)
      try {
        await probe()
        onAnswer()
        await replay(options, closing.signal)
      } catch (error) {
        closing.signal.throwIfAborted()
        onFailure(error)
      }
    }
    onDone()
  }
  const wake = () => {
    if (running !== null || closing.signal.aborted) return
    running = run()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) log.error({ err: error }, 'replaying the spool stopped')
      })
      .finally(() => {
        running = null
      })
  }
  wake()
  return {
    wake,
    close: async () => {
      closing.abort()
      await running
    },
  }
}

/** In the order of the files. Of an owner that is stuck nothing more is tried until the next time, so that its visits keep their order. */
async function replay({ spool, commit, isStuck, log }: RecoveryOptions, closing: AbortSignal): Promise<void> {
  let stored = 0
  const left = new Set<number>()
  const isLeft = (ownerId: number) => {
    if (isStuck(ownerId)) left.add(ownerId)
    return left.has(ownerId)
  }
  for (let batch = await spool.next(isLeft); batch !== null; batch = await spool.next(isLeft)) {
    const refused: SpooledVisit[] = []
    const kept = new Set<number>()
    for (let at = 0; at < batch.visits.length; at += batchSize) {
      closing.throwIfAborted()
      const part = batch.visits.slice(at, at + batchSize)
      for (const [ownerId, visits] of byOwner(part)) {
        const committed = isLeft(ownerId) ? null : await commit(ownerId, visits)
        if (committed === null) {
          left.add(ownerId)
          kept.add(ownerId)
          continue
        }
        stored += committed.stored
        refused.push(...part.filter(({ visit }) => committed.refused.has(visit.id)))
      }
    }
    if (kept.size > 0) batch.keep(kept, refused)
    else await batch.done(refused)
    if (refused.length > 0) log.error({ visits: refused.length }, 'visits of the spool were refused: see the .bad file')
  }
  if (stored > 0) log.info({ visits: stored }, 'visits of the spool are committed')
}

function byOwner(spooled: SpooledVisit[]): Map<number, NewVisit[]> {
  const owners = new Map<number, NewVisit[]>()
  for (const { ownerId, visit } of spooled) {
    const visits = owners.get(ownerId)
    if (visits) visits.push(visit)
    else owners.set(ownerId, [visit])
  }
  return owners
}
