import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import type { CaptureLog } from '../capture/capture-log.js'
import { ClickLanes } from '../capture/click-lanes.js'
import { commitVisits } from '../capture/commit.js'
import { TimeLimits } from '../capture/time-limits.js'
import { isLockTimeout } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { decodeMessage, type QueuedVisit } from './message.js'
import { partitions } from './names.js'
import { type PartitionReader, readPartition } from './partition.js'
import { joinWorkers } from './presence.js'
import type { Queue } from './queue.js'
import { setAside } from './set-aside.js'

export interface SessionOptions {
  queue: Queue
  db: Database
  log: CaptureLog
  /** Told of each batch that is in the log. */
  onStored: (counts: { stored: number; orphaned: number }) => void
  /** Told of each message that was set aside. */
  onRefused: () => void
  /** Told, again and again, while there is nothing to do. */
  onIdle: () => void
}

/** A worker's work from when all is well to when something is not. */
export interface Session {
  /** Rejects with what went wrong: the log or the place for what is set aside takes nothing. */
  failed: Promise<never>
  /** How many partitions it reads, and how many messages it has in hand. */
  state(): { partitions: number; waiting: number }
  /** Finishes what it has in hand, unless it has failed, and lets go of its partitions. */
  close(): Promise<void>
}

interface InHand extends QueuedVisit {
  isSettled: boolean
  message: JsMsg
  reader: PartitionReader
}

const batchSize = 500
/** No batch takes that long: the connection is dead although nobody has said so. */
const commitLimitMs = 30_000
const tendEveryMs = 500
const longestPauseMs = 4_000
/** The servers of NATS elect a leader for each reader: for all at once they would take longer than anybody waits. */
const takenAtOnce = 4
const allPartitions = Array.from({ length: partitions }, (_, partition) => partition)
const finishLimitMs = 10_000

/**
 * Brings visits from the queue into the log: each owner's in order, in batches, one at a time.
 *
 * After a failure nothing more is appended, so that nothing overtakes what has failed; the next session starts with it.
 *
 * @throws QueueAwayError
 */
export function openSession({ queue, db, log, onStored, onRefused, onIdle }: SessionOptions): Session {
  const connected = queue.connected()
  const readers = new Map<number, PartitionReader>()
  const limits = new TimeLimits()
  const closing = new AbortController()
  let hasFailed = false
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = (error) => {
      hasFailed = true
      reject(error)
    }
  })
  failed.catch(() => {})

  const refuse = async (message: JsMsg, reason: unknown) => {
    await setAside(connected, queue.names, message, reason)
    log.error(
      { err: reason, sequence: message.seq },
      `a message of the queue is set aside: see ${queue.names.refusedStream}`,
    )
    onRefused()
  }
  /** Visits of an owner whose lock somebody keeps wait in their order, and nobody else's behind them. */
  const onceLocked = async <T>(ownerId: number, work: () => Promise<T>): Promise<T> => {
    for (let isNew = true; ; isNew = false) {
      try {
        return await work()
      } catch (error) {
        if (!isLockTimeout(error) || hasFailed || closing.signal.aborted) throw error
        if (isNew) log.warn({ err: error, owner: ownerId }, 'visits of an owner cannot be stored for now: they wait')
      }
    }
  }
  const commit = async (ownerId: number, batch: InHand[]) => {
    if (hasFailed) return
    try {
      const visits = batch.map(({ visit }) => visit)
      const { stored, orphaned, refused } = await onceLocked(ownerId, () =>
        limits.run(commitLimitMs, (signal) => commitVisits(db, ownerId, visits, { isLive: true, signal })),
      )
      for (const { visit, message } of batch) {
        const reason = refused.get(visit.id)
        if (reason !== undefined) await refuse(message, reason)
      }
      for (const { reader, message } of batch) reader.finish(message)
      onStored({ stored, orphaned: orphaned.length })
    } catch (error) {
      fail(error)
    }
  }
  const lanes = new ClickLanes<InHand>({
    commit,
    lanes: Math.max(1, Math.floor((db.pool.options.max ?? 10) / 2)),
    batchSize,
    stuckMs: commitLimitMs,
  })
  const receive = (message: JsMsg, reader: PartitionReader) => {
    let queued: QueuedVisit
    try {
      queued = decodeMessage(message.data)
    } catch (error) {
      refuse(message, error).then(() => reader.finish(message), fail)
      return
    }
    lanes.push({ ...queued, isSettled: false, message, reader })
  }

  const presence = joinWorkers(connected.nats, queue.names.workers)
  // Who gets no answer asks for the same again: with another name, NATS would have more and more readers to make.
  const names = new Map<number, string>()
  const take = async (partition: number) => {
    const name = names.get(partition) ?? randomUUID()
    names.set(partition, name)
    const reader = await readPartition(connected, queue.names, { partition, name, receive }).catch((error: unknown) => {
      if (error instanceof JetStreamApiError) names.delete(partition)
      throw error
    })
    names.delete(partition)
    if (reader === null) return
    // Nobody would ever take it from a session that is over.
    if (hasFailed || closing.signal.aborted) return reader.leave()
    readers.set(partition, reader)
    const forget = () => {
      if (readers.get(partition) === reader) readers.delete(partition)
    }
    reader.closed.then(forget, forget)
  }
  const lookBack = async (reader: PartitionReader, partition: number) => {
    if (!(await reader.hasLeftBehind())) return
    log.warn({ partition }, 'a message of the queue was left behind: its partition is read anew')
    await reader.leave()
  }
  const letGo = async (reader: PartitionReader) => {
    reader.pause()
    const giveUpAt = performance.now() + finishLimitMs
    while (!hasFailed && reader.unfinished() > 0 && performance.now() < giveUpAt) await wait(20)
    await reader.leave()
  }
  const waiting = () => [...readers.values()].reduce((sum, reader) => sum + reader.unfinished(), 0)
  const tend = async () => {
    if (queue.connected() !== connected) return fail(new Error('the connection to NATS was lost'))
    if (readers.size > 0 && waiting() === 0) onIdle()
    const outcomes = await Promise.allSettled(
      [...readers].map(([partition, reader]) =>
        presence.isMine(partition) ? lookBack(reader, partition) : letGo(reader),
      ),
    )
    const missing = allPartitions.filter((partition) => presence.isMine(partition) && !readers.has(partition))
    while (missing.length > 0 && !hasFailed && !closing.signal.aborted)
      outcomes.push(...(await Promise.allSettled(missing.splice(0, takenAtOnce).map(take))))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
  const keepTending = async () => {
    let pauseMs = tendEveryMs
    while (!hasFailed && !closing.signal.aborted) {
      try {
        await tend()
        pauseMs = tendEveryMs
      } catch (error) {
        log.warn({ err: error }, 'partitions of the queue cannot be taken')
        pauseMs = Math.min(2 * pauseMs, longestPauseMs)
      }
      await wait(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  const tending = keepTending()

  return {
    failed,
    state: () => ({ partitions: readers.size, waiting: waiting() }),
    async close() {
      closing.abort()
      await tending
      presence.leave()
      const left = [...readers.values()]
      await Promise.all(left.map((reader) => (hasFailed ? reader.leave() : letGo(reader))))
      limits.endAll()
    },
  }
}
