import { readFileSync, type Stats, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Reader, Response } from 'maxmind'
import { isIPv6Text } from './addresses.js'
import { readerOf } from './city-reader.js'

/** The part of a pino logger that is needed. */
export type LocationLog = {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export type CityFileOptions = {
  /** What the log calls it. */
  name?: string
  /** Told when answers come from other bytes than before. */
  onRead?: () => void
}

export type CityFile = {
  /** Reads the file without blocking, unless that was done. @throws if it cannot be read or is no database */
  load(): Promise<void>
  /** The record of a normalized address, null for none. Never throws: a redirect must not fail for want of a place. */
  find(address: string): unknown
  /** Stops watching. Answers go on. */
  close(): void
}

/**
 * A MaxMind DB file in memory: read when first needed, read again when it changes on disk.
 *
 * The whole file lives in one Buffer outside the JavaScript heap (Node has no mmap), 63 and 71 MB for the files that
 * come with the install, hence not before an address asks for it. The change is seen by polling `stat`, which works for
 * a rename over the old file (geoipupdate), a symlink that moves and a network mount; fs.watch misses some of these.
 * The old file answers until the new one has been read and checked, so both are in memory for a moment.
 *
 * maxmind's own `watchForUpdates` is not used: it loads a broken file over the good one and rejects unhandled.
 */
export function cityFile(
  path: string,
  pollMilliseconds: number,
  log: LocationLog,
  { name = 'City database', onRead = () => {} }: CityFileOptions = {},
): CityFile {
  let reader: Reader<Response> | null = null
  let first: Promise<void> | null = null
  /** Why the file on disk gives no answers; reported once, and not tried again before the file changes. */
  let failure: Error | null = null
  let readings = 0
  let closed = false

  const use = (fresh: Reader<Response>) => {
    reader = fresh
    failure = null
    onRead()
  }

  const fail = (err: unknown) => {
    if (failure === null) log.warn({ err, file: path }, `${name} cannot be read; visits may get nothing from it`)
    failure = err instanceof Error ? err : new Error(String(err))
    return failure
  }

  const watch = () => {
    if (!closed) watchFile(path, { persistent: false, interval: pollMilliseconds }, onChange)
  }

  const onChange = (now: Stats) => {
    const gone = now.mtimeMs === 0
    if (!gone) void reload()
  }

  const reload = async () => {
    const reading = ++readings
    try {
      const fresh = readerOf(await readFile(path))
      // A slower, older reading must not replace a newer one.
      if (reading !== readings) return
      use(fresh)
      log.info({ file: path }, `${name} reloaded`)
    } catch (err) {
      log.warn({ err, file: path }, `${name} changed but cannot be used; the old one stays`)
    }
  }

  const readFirst = async () => {
    watch()
    try {
      const fresh = readerOf(await readFile(path))
      if (reader === null) use(fresh)
    } catch (err) {
      throw fail(err)
    }
  }

  const readFirstBlocking = () => {
    if (first === null) watch()
    first ??= Promise.resolve()
    return readerOf(readFileSync(path))
  }

  return {
    load() {
      first ??= readFirst()
      return first
    },

    find(address) {
      if (reader === null && failure !== null) return null
      try {
        if (reader === null) use(readFirstBlocking())
        // An IPv4 tree would take the first 32 bits of an IPv6 address for an IPv4 address.
        if (reader === null || (reader.metadata.ipVersion === 4 && isIPv6Text(address))) return null
        return reader.get(address)
      } catch (err) {
        fail(err)
        return null
      }
    },

    close() {
      closed = true
      readings++
      unwatchFile(path, onChange)
    },
  }
}
