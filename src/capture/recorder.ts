import type { Database } from '../database/open.js'
import { appendVisits } from '../visits/append.js'
import type { NewVisit } from '../visits/visit.js'

export interface Recorder {
  /**
   * Resolves when the visit is safe: committed, or in the spool and on disk.
   *
   * @throws RecordError when neither is possible: then the click must not be answered as if it had been counted
   */
  record(ownerId: number, visit: NewVisit): Promise<void>
  state(): RecorderState
  /** Takes no more visits, and returns when all that were taken are safe. */
  close(): Promise<void>
}

export interface RecorderState {
  /** Visits that are not safe yet. */
  waiting: number
}

/** A visit that could be stored neither in the database nor in the spool. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

export interface RecorderOptions {
  db: Database
}

// The interface is settled; group commit and spool are being filled in.
export function openRecorder({ db }: RecorderOptions): Recorder {
  let waiting = 0
  return {
    async record(ownerId, visit) {
      waiting += 1
      await appendVisits(db, ownerId, [visit]).finally(() => {
        waiting -= 1
      })
    },
    state: () => ({ waiting }),
    close: async () => {},
  }
}
