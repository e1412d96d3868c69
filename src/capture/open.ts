import { join } from 'node:path'
import type { Config } from '../config.js'
import type { CaptureLog } from './capture-log.js'
import { type Locator, openLocator } from './location.js'
import { openRecorder, type Recorder } from './recorder.js'
import { openSpool } from './spool.js'
import type { Way } from './way.js'

/** What clicks become visits with. */
export interface Capture {
  locator: Locator
  recorder: Recorder
  /** Takes no more clicks, and returns when all that were taken are safe. */
  close(): Promise<void>
}

export interface CaptureDeps {
  way: Way
  config: Pick<Config, 'geoipDb' | 'dataDir' | 'captureWaitMs' | 'spoolMaxBytes'>
  log: CaptureLog
}

/** @throws when the file of places cannot be used */
export async function openCapture({ way, config, log }: CaptureDeps): Promise<Capture> {
  const locator = await openLocator({ file: config.geoipDb })
  const spool = await openSpool({ directory: join(config.dataDir, 'spool'), maxBytes: config.spoolMaxBytes, log })
  const recorder = openRecorder({ way, spool, waitMs: config.captureWaitMs, log })
  return {
    locator,
    recorder,
    async close() {
      await recorder.close()
      await spool.close()
      locator.close()
    },
  }
}
