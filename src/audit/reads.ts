import { type Caller, may } from '../accounts/scopes.js'
import { isDatabaseAway } from '../database/errors.js'
import type { Database } from '../database/open.js'
import { addSeen, type Read, type ReadEntry, type Shown } from './read.js'
import { minuteMs, readId } from './read-id.js'
import { storeReads } from './store-reads.js'

/** Who is answered: a request. */
export interface Reader {
  caller: Caller
  method: string
}

/**
 * Who read personal data: noted in memory, added up by owner, token, operation, link and minute, and written every few seconds, so
 * that no answer waits for it.
 *
 * Of answers with whole numbers (scope visits:pii) those count that have rows, or were asked for by personal data. Of requests of
 * who may not see numbers those count that name some: whoever guesses leaves a trace.
 */
export interface Reads {
  note(reader: Reader, read: Read, shown: Shown): void
  /** For an answer that goes out part by part, to be called before each: it counts once in every minute that it goes on. */
  noteEach(reader: Reader, read: Read): (shown: Shown) => void
  /** Writes what was noted. What cannot be written now is kept. */
  flush(): Promise<void>
  /** The same, and for the last time. */
  close(): Promise<void>
  readonly counts: ReadCounts
}

export interface ReadCounts {
  /** Entries that are not written yet. */
  readonly waiting: number
  /** Answers of which nothing will be written. */
  readonly dropped: number
}

export interface ReadsOptions {
  db: Database
  log: { error(what: object, message: string): void }
  /** Most entries in memory, a few hundred bytes each; what comes beyond them is dropped. */
  mostWaiting?: number
}

const writeEveryMs = 5_000
/** Written at once, without waiting for the time. */
const manyEntries = 1_000
/** Of a statement. */
const mostAtOnce = 1_000

export function openReads({ db, log, mostWaiting = 50_000 }: ReadsOptions): Reads {
  let entries = new Map<string, ReadEntry>()
  let inHand = 0
  let dropped = 0
  let isFull = false
  let lastError: unknown = null
  let writing: Promise<void> = Promise.resolve()

  const add = (key: string, entry: ReadEntry) => {
    const known = entries.get(key)
    if (known !== undefined) return addSeen(known, entry)
    if (entries.size >= mostWaiting) return drop(entry.answers)
    entries.set(key, entry)
  }

  const drop = (answers: number) => {
    if (!isFull) log.error({ waiting: entries.size }, 'the audit of reads is full: from now on reads are missing there')
    isFull = true
    dropped += answers
  }

  const noteEach = ({ caller, method }: Reader, read: Read): ((shown: Shown) => void) => {
    const isMasked = !may(caller, 'visits:pii')
    const isNoted = isMasked ? read.filters.includes('mobile') : method !== 'HEAD'
    if (!isNoted) return () => {}
    const { ownerId } = caller
    const { id: tokenId } = caller.token
    const { operation, linkId } = read
    let lastMinute = -1
    return ({ rows, first, last }) => {
      if (rows === 0 && read.filters.length === 0) return
      const now = Date.now()
      const minute = now - (now % minuteMs)
      const answers = minute === lastMinute ? 0 : 1
      lastMinute = minute
      const key = `${ownerId} ${tokenId} ${operation} ${linkId} ${isMasked} ${minute}`
      const known = entries.get(key)
      const seen = { answers, rows, first, last, filters: read.filters, firstAt: now, lastAt: now }
      if (known !== undefined) return addSeen(known, seen)
      const id = readId(minute, tokenId, operation, linkId, isMasked)
      add(key, { ...seen, id, ownerId, tokenId, operation, linkId, isMasked, filters: new Set(read.filters) })
      // Only with a new one: those that come back because they could not be written wait for the time.
      if (entries.size === manyEntries) void flush()
    }
  }

  const write = async () => {
    const taken = entries
    if (taken.size === 0) return
    entries = new Map()
    inHand = taken.size
    let isAway = false
    for (const batch of batchesOf(taken)) {
      const isStored: boolean = !isAway && (await store(batch))
      isAway ||= !isStored && isDatabaseAway(lastError)
      inHand -= batch.length
      if (!isStored) for (const [key, entry] of batch) add(key, entry)
    }
  }

  const store = async (batch: [key: string, entry: ReadEntry][]): Promise<boolean> => {
    try {
      await storeReads(
        db,
        batch.map(([, entry]) => entry),
      )
      lastError = null
      isFull = false
      return true
    } catch (error) {
      if (lastError === null)
        log.error({ err: error }, 'the audit of reads could not be stored: it is kept until it can be')
      lastError = error
      return false
    }
  }

  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(() => void flush(), writeEveryMs)
  timer.unref()

  return {
    note: (reader, read, shown) => noteEach(reader, read)(shown),
    noteEach,
    flush,
    async close() {
      clearInterval(timer)
      // What is being read may be noted while the last of it is written.
      do await flush()
      while (entries.size > 0 && lastError === null)
      if (entries.size === 0) return
      let lost = 0
      for (const { answers } of entries.values()) lost += answers
      dropped += lost
      entries.clear()
      log.error({ answers: lost }, 'the audit of reads could not be stored before the end: it is lost')
    },
    counts: {
      get waiting() {
        return entries.size + inHand
      },
      get dropped() {
        return dropped
      },
    },
  }
}

/** Each of one owner. */
function batchesOf(entries: Map<string, ReadEntry>): [key: string, entry: ReadEntry][][] {
  const batches: [string, ReadEntry][][] = []
  const open = new Map<number, [string, ReadEntry][]>()
  for (const keyed of entries) {
    const { ownerId } = keyed[1]
    const batch = open.get(ownerId)
    if (batch !== undefined && batch.length < mostAtOnce) {
      batch.push(keyed)
      continue
    }
    const begun = [keyed]
    open.set(ownerId, begun)
    batches.push(begun)
  }
  return batches
}
