import { isDatabaseAway } from '../../database/errors.js'
import type { Notifications } from '../../database/notifications.js'
import { type Database, statement } from '../../database/open.js'
import { chunkSize } from './chunk.js'
import { findMissing, makeBlock } from './missing-blocks.js'
import { restWhileBusy } from './rest.js'

/** Makes the blocks that statistics are read from. */
export interface BlockKeeper {
  /** Ends after the block in hand. */
  close(): Promise<void>
}

export interface BlockKeeperOptions {
  db: Database
  notifications: Pick<Notifications, 'subscribe'>
  log: { error(fields: object, message: string): void }
  /** Positions of a block. */
  size?: number
  /** How long it waits before it looks again. */
  lookEveryMs?: number
}

/** A block is thousands of visits, and what is in none is read from the log: there is no hurry. */
const lookEvery = 5_000

/** Of the time that it works: clicks have most of a process that is busy. */
const restShare = 3

/** Also of owners of whom nothing was heard: what was said may have been missed. */
const lookAtAllEveryMs = 600_000

/**
 * Looks for blocks to make at the start, and some seconds after visits have come. Where there is something else to do, it rests
 * three times as long as it works.
 */
export function openBlockKeeper(options: BlockKeeperOptions): BlockKeeper {
  const { db, notifications, log, size = chunkSize, lookEveryMs = lookEvery } = options
  const closing = new AbortController()
  const { signal } = closing
  const heardOf = new Set<number>()
  let lookAtAllAt = 0
  let working: Promise<void> | null = null

  const makeAll = async (ownerId: number) => {
    for (let isMore = true; isMore; ) {
      isMore = false
      for (const block of await findMissing(db, ownerId, size)) {
        if (signal.aborted) return
        const start = performance.now()
        // What others are at comes next time.
        isMore = (await makeBlock(db, block)) || isMore
        await restWhileBusy(restShare * (performance.now() - start), signal)
      }
    }
  }
  const work = async () => {
    const all = performance.now() >= lookAtAllAt
    if (all) lookAtAllAt = performance.now() + lookAtAllEveryMs
    const owners = all ? await everyOwner(db) : [...heardOf]
    heardOf.clear()
    for (const ownerId of owners) if (!signal.aborted) await makeAll(ownerId)
  }
  const look = () => {
    working ??= work()
      .catch((error) => {
        // Whoever asks when it is back will go on.
        if (!isDatabaseAway(error)) log.error({ err: error }, 'blocks for statistics could not be made')
      })
      .finally(() => {
        working = null
      })
  }

  const stop = notifications.subscribe('visits', (payload) => {
    if (payload === null) lookAtAllAt = Math.min(lookAtAllAt, performance.now() + lookEveryMs)
    else heardOf.add(Number(payload.split(':', 1)[0]))
  })
  const timer = setInterval(() => {
    if (heardOf.size > 0 || performance.now() >= lookAtAllAt) look()
  }, lookEveryMs)
  timer.unref()
  look()
  return {
    async close() {
      stop()
      clearInterval(timer)
      closing.abort()
      await working
    },
  }
}

async function everyOwner({ pool }: Database): Promise<number[]> {
  const { rows } = await pool.query<{ id: number }>(selectOwners([]))
  return rows.map(({ id }) => id)
}

const selectOwners = statement('SELECT id::float8 FROM owners ORDER BY owners.id')
