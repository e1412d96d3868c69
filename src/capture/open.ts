import { join } from 'node:path'
import type { Config } from '../config.js'
import type { CaptureLog } from './capture-log.js'
import { type Locator, openLocator } from './location.js'
import { type Networks, openNetworks } from './networks.js'
import { openRecorder, type Recorder } from './recorder.js'
import { openSpool } from './spool.js'
import type { Way } from './way.js'

/** What clicks become visits with. */
export interface Capture {
  locator: Locator
  networks: Networks
  recorder: Recorder
  /** Takes no more clicks, and returns when all that were taken are safe. */
  close(): Promise<void>
}

export interface CaptureDeps {
  way: Way
  config: Pick<Config, 'geoipDb' | 'asnDb' | 'botNetworks' | 'dataDir' | 'captureWaitMs' | 'spoolMaxBytes'>
  log: CaptureLog
}

/** A file that the configuration names cannot be used. */
export class FileError extends Error {}

function fileError(variable: string, file: string | undefined): (error: Error) => never {
  return (error) => {
    throw file === undefined ? error : new FileError(`${variable} cannot be used: ${error.message}`)
  }
}

/** @throws FileError when a file of addresses cannot be used */
export async function openCapture({ way, config, log }: CaptureDeps): Promise<Capture> {
  const locator = await openLocator({ file: config.geoipDb }).catch(fileError('GEOIP_DB', config.geoipDb))
  const networks = await openNetworks({ file: config.botNetworks === 'off' ? undefined : config.asnDb }).catch(
    (error) => {
      locator.close()
      return fileError('ASN_DB', config.asnDb)(error)
    },
  )
  const spool = await openSpool({ directory: join(config.dataDir, 'spool'), maxBytes: config.spoolMaxBytes, log })
  const recorder = openRecorder({ way, spool, waitMs: config.captureWaitMs, log })
  return {
    locator,
    networks,
    recorder,
    async close() {
      await recorder.close()
      await spool.close()
      locator.close()
      networks.close()
    },
  }
}
