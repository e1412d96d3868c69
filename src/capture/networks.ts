import { LRUCache } from 'lru-cache'
import { isLocalAddress } from './addresses.js'
import { cityFile, type LocationLog } from './city-file.js'
import { scannerNetworks } from './scanner-networks.js'

/** Which addresses belong to networks that scanners come from. */
export interface Networks {
  /** @param address as normalizeAddress spells it. Memory only; never throws */
  isScanner(address: string): boolean
  /** Stops watching the file. */
  close(): void
}

export interface NetworksOptions {
  /** A MaxMind file with the autonomous systems of addresses; undefined: none is known, and no address is a scanner's. */
  file: string | undefined
  log?: LocationLog
  /** How often the file is checked for replacement. */
  pollMilliseconds?: number
}

/** Openings of one link come in waves from the same addresses: a mail gateway's, a carrier's. */
const remembered = 20_000

/**
 * Opens the file of autonomous systems: GeoLite2-ASN, DB-IP ASN Lite, IPinfo Lite and their kin. It is read now, so that a wrong
 * path stops the start, and again when it changes.
 *
 * @throws if the file cannot be read or is no MaxMind DB
 */
export async function openNetworks({ file, log, pollMilliseconds = 5000 }: NetworksOptions): Promise<Networks> {
  if (file === undefined) return noNetworks
  const known = new LRUCache<string, boolean>({ max: remembered })
  const quiet: LocationLog = { info: () => {}, warn: (_, message) => process.emitWarning(message) }
  const database = cityFile(file, pollMilliseconds, log ?? quiet, { name: 'ASN database', onRead: () => known.clear() })
  try {
    await database.load()
  } catch (cause) {
    database.close()
    throw new Error(`The ASN database ${file} cannot be used`, { cause })
  }
  return {
    isScanner(address) {
      const found = known.get(address)
      if (found !== undefined) return found
      const isOne = !isLocalAddress(address) && scanners.has(asnOf(database.find(address)) ?? 0)
      known.set(address, isOne)
      return isOne
    },
    close: () => database.close(),
  }
}

/** Used without a file, or with BOT_NETWORKS=off: no address is a scanner's. */
export const noNetworks: Networks = { isScanner: () => false, close: () => {} }

const scanners: ReadonlySet<number> = new Set(scannerNetworks.map(({ asn }) => asn))

/**
 * The number in a record, whichever layout the file has: `autonomous_system_number` (MaxMind, DB-IP), `asn` as a number or as
 * `AS64496` (IPinfo), or either below `traits` (MaxMind's larger files).
 */
export function asnOf(record: unknown): number | null {
  if (typeof record !== 'object' || record === null) return null
  const { autonomous_system_number: number, asn, as_number: other, traits } = record as Record<string, unknown>
  const text = String(number ?? asn ?? other ?? '')
  const [, digits] = /^(?:AS)?(\d{1,10})$/i.exec(text) ?? []
  return digits === undefined ? (traits === undefined ? null : asnOf(traits)) : Number(digits)
}
