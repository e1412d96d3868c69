import { setTimeout as wait } from 'node:timers/promises'
import type { CaptureLog } from '../capture/capture-log.js'
import type { QueueConfig } from '../config.js'
import { type Connected, keepConnected, type PingOptions } from './connection.js'
import { type QueueNames, queueNames } from './names.js'
import { ForeignStreamError, prepareStreams } from './streams.js'

/** The durable queue in front of the log: streams of NATS JetStream (docs/decisions, "queue"). */
export interface Queue {
  names: QueueNames
  /** @throws QueueAwayError while NATS cannot be reached, ForeignStreamError where the stream is another database's */
  connected(): Connected
  /**
   * Makes sure that the streams are there.
   *
   * @throws when they are not: NATS is away, or refuses them
   */
  prepare(): Promise<void>
  /** The same, and that there is room. @throws when there is none */
  requireRoom(): Promise<void>
  state(): QueueState
  close(): Promise<void>
}

export interface QueueState {
  /** Why nothing can be said of it; null while it answers. What follows is what was known last. */
  problem: string | null
  /** Visits that wait for the log. */
  messages: number
  bytes: number
  maxBytes: number
  /** When the oldest of them was put in, in Unix milliseconds; null when there is none. */
  oldest: number | null
  /** Messages that were set aside. */
  refused: number
}

const lookEveryMs = 5_000
const firstLimitMs = 5_000
/** A queue that was full takes visits again when it is emptier than that, so that it does not change its mind with each. */
const roomAt = 0.9

export interface QueueOptions extends PingOptions {
  /** Whose visits the stream has (database/server-key.ts). */
  databaseId: string
}

/** Never throws: a server whose NATS is away must still start. Waits a little, so that first clicks find it. */
export async function openQueue(config: QueueConfig, log: CaptureLog, options: QueueOptions): Promise<Queue> {
  const names = queueNames(config.stream)
  const connection = keepConnected(config, log, options)
  const state: QueueState = {
    problem: 'not looked at yet',
    messages: 0,
    bytes: 0,
    maxBytes: config.maxBytes,
    oldest: null,
    refused: 0,
  }
  const look = async () => {
    try {
      const { manager } = connected()
      const [visits, refused] = await Promise.all([
        manager.streams.info(names.stream),
        manager.streams.info(names.refusedStream),
      ])
      const { messages, bytes, first_ts } = visits.state
      state.messages = messages
      state.bytes = bytes
      state.oldest = messages === 0 ? null : Date.parse(first_ts)
      if (refused.state.messages > state.refused) {
        log.error(
          { messages: refused.state.messages, stream: names.refusedStream },
          'messages of the queue are set aside',
        )
      }
      state.refused = refused.state.messages
      state.problem = null
    } catch (error) {
      state.problem = (error as Error).message
    }
  }
  let foreign: ForeignStreamError | null = null
  const prepare = async () => {
    try {
      await prepareStreams(connection.get().manager, config, options.databaseId)
      foreign = null
    } catch (error) {
      if (error instanceof ForeignStreamError) {
        if (foreign === null) log.error({}, error.message)
        foreign = error
      }
      throw error
    }
  }
  const connected = () => {
    if (foreign !== null) throw foreign
    return connection.get()
  }
  const requireRoom = async () => {
    await prepare()
    await look()
    if (state.problem !== null) throw new Error(state.problem)
    if (state.bytes > config.maxBytes * roomAt) {
      throw new Error(`the queue is full: NATS_MAX_BYTES is ${config.maxBytes}`)
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  timer.unref()
  await firstSuccess(prepare)
  await look()
  return {
    names,
    connected,
    prepare,
    requireRoom,
    state: () => state,
    close: async () => {
      clearInterval(timer)
      await connection.close()
    },
  }
}

async function firstSuccess(attempt: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + firstLimitMs
  while (performance.now() < giveUpAt) {
    const isOver = await attempt().then(
      () => true,
      (error: unknown) => error instanceof ForeignStreamError,
    )
    if (isOver) return
    await wait(50)
  }
}
