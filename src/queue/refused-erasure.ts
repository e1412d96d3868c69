import type { CaptureLog } from '../capture/capture-log.js'
import type { Database } from '../database/open.js'
import { openRounds, type Rounds } from '../database/rounds.js'
import { recordsOfErased } from '../visits/set-aside.js'
import { QueueAwayError } from './connection.js'
import type { Queue } from './queue.js'
import { ForeignStreamError } from './streams.js'

export interface RefusedErasureOptions {
  db: Database
  queue: Queue
  log: CaptureLog
}

const lookEveryMs = 3_600_000

/** Removes, at the start and every hour, messages that were set aside and whose person was erased since. */
export function openRefusedErasure({ db, queue, log }: RefusedErasureOptions): Pick<Rounds, 'close'> {
  return openRounds({
    everyMs: lookEveryMs,
    round: async (_, signal) => {
      const removed = await removeRefused(db, queue, signal)
      if (removed > 0)
        log.info({ messages: removed }, 'messages that were set aside are removed: their person was erased')
    },
    onError: (error) => {
      if (error instanceof QueueAwayError || error instanceof ForeignStreamError) return
      log.error({ err: error }, 'messages of erased persons that were set aside could not be removed')
    },
  })
}

/**
 * What is no visit at all stays: nobody can say whose it was.
 *
 * @returns how many messages
 */
export async function removeRefused(db: Database, queue: Queue, signal: AbortSignal): Promise<number> {
  const { manager } = queue.connected()
  const { refusedStream } = queue.names
  const { state } = await manager.streams.info(refusedStream)
  let removed = 0
  for (let seq = state.first_seq; seq <= state.last_seq && !signal.aborted; seq++) {
    const message = await manager.streams.getMessage(refusedStream, { seq })
    if (message === null) continue
    const erased = await recordsOfErased(db, [parsed(message.data)])
    if (erased.size === 0) continue
    await manager.streams.deleteMessage(refusedStream, seq, true)
    removed += 1
  }
  return removed
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}
