import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { NewVisit } from '../visits/visit.js'
import { AppendGroup } from './append-group.js'
import type { CaptureLog } from './capture-log.js'
import { SpoolFolder } from './spool-folder.js'
import { decodeSegment, encodeRecord, type SegmentContent, type SpooledVisit } from './spool-record.js'
import { OpenSegment, segmentTime, tryDisk } from './spool-segment.js'

export interface SpoolOptions {
  /** Where the folders of all processes are; made when missing. */
  directory: string
  maxBytes: number
  log: CaptureLog
  /** A file is closed at this size, and removed only as a whole. */
  segmentBytes?: number
}

export interface SpoolState {
  /** Of visits that wait for the database. */
  bytes: number
  maxBytes: number
  files: number
  /** When its oldest file was begun, in Unix milliseconds; null when there is none. */
  oldest: number | null
  /** Why visits cannot be spooled; null while they can. */
  problem: string | null
}

/** Visits of one file, to be stored and then removed. */
export interface SpooledBatch {
  /** Without those that were stored before: see `keep`. */
  visits: SpooledVisit[]
  /** Keeps the file for visits of some owners, which could not be stored yet; the others' were. */
  keep(owners: Set<number>, refused: SpooledVisit[]): void
  /** Removes the file. Those refused are kept beside it, in a file that ends in .bad, with what was damaged or of another version. */
  done(refused: SpooledVisit[]): Promise<void>
}

/** The visit cannot be spooled. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
}

interface Sealed {
  path: string
  bytes: number
  /** Whose visits in it are not stored; null until it was read. Known here only: after a crash all of it is read again. */
  owners: Set<number> | null
  /** Of the visits of others. */
  refused: SpooledVisit[]
}

const sealed = (path: string, bytes: number): Sealed => ({ path, bytes, owners: null, refused: [] })

const tickMs = 5_000
const ticksPerCheck = 6
const mostWaitingBytes = 64 * 1024 * 1024

/**
 * Visits on disk that wait for the database: files that are only appended to (spool-record.ts), each removed when all
 * its visits are committed. What was read is remembered nowhere else: after a crash it is read again, and a visit's id
 * makes that harmless.
 *
 * Never throws at opening: a server whose disk is full or broken must still start, and says so in `state().problem`.
 * Whatever is wrong is tried again every few seconds.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const spool = new Spool(options)
  await spool.tick()
  return spool
}

export class Spool {
  readonly #options: Required<SpoolOptions>
  readonly #folder: SpoolFolder
  readonly #timer: NodeJS.Timeout
  #queue: Promise<unknown> = Promise.resolve()
  readonly #group = new AppendGroup((bytes) => this.#alone(() => this.#attempt(() => this.#store(bytes))))
  #open: OpenSegment | null = null
  #sealed: Sealed[] = []
  /** Whose visits are in the open file, if not some that were in the one before. */
  #openOwners = new Set<number>()
  #problem: string | null = null
  #isFull = false
  #ticks = 0
  #found = () => {}

  constructor(options: SpoolOptions) {
    this.#options = { segmentBytes: 8 * 1024 * 1024, ...options }
    this.#folder = new SpoolFolder(options.directory)
    this.#timer = setInterval(() => void this.tick(), tickMs)
    this.#timer.unref()
  }

  /**
   * Resolves when the visit is on disk: all that wait at a moment share one fsync.
   *
   * @throws SpoolError when the spool is full or broken
   */
  async append(ownerId: number, visit: NewVisit): Promise<void> {
    const bytes = encodeRecord({ ownerId, visit })
    if (this.#bytes() + this.#group.waitingBytes + bytes.length > this.#options.maxBytes) {
      this.#fill()
      throw new SpoolError(this.state().problem ?? '')
    }
    if (this.#group.waitingBytes > mostWaitingBytes) throw new SpoolError('the disk does not keep up')
    await this.#group.append(bytes)
    this.#openOwners.add(ownerId)
  }

  /**
   * The oldest file with visits that may be stored, read; null when there is none.
   *
   * @param isSkipped owners whose visits cannot be stored now: nobody waits behind them
   */
  async next(isSkipped: (ownerId: number) => boolean = () => false): Promise<SpooledBatch | null> {
    const isWorthwhile = (owners: Set<number>) => [...owners].some((ownerId) => !isSkipped(ownerId))
    const find = () => this.#sealed.find(({ owners }) => owners === null || isWorthwhile(owners))
    for (;;) {
      if (find() === undefined && isWorthwhile(this.#openOwners)) await this.#alone(() => this.#seal())
      const segment = find()
      if (segment === undefined) return null
      try {
        return this.#batch(segment, await readFile(segment.path))
      } catch (error) {
        // Taken by a process that believed this one dead.
        if (!isMissing(error)) throw this.#postpone(segment, error)
        this.#forget(segment)
      }
    }
  }

  /** Calls back when visits of a dead process were taken over. */
  whenFound(callback: () => void): void {
    this.#found = callback
  }

  state(): SpoolState {
    const full = `the spool is full: SPOOL_MAX_BYTES is ${this.#options.maxBytes}`
    return {
      bytes: this.#bytes(),
      maxBytes: this.#options.maxBytes,
      files: this.#sealed.length + (this.#open ? 1 : 0),
      oldest: this.#oldest(),
      problem: this.#problem ?? (this.#isFull ? full : null),
    }
  }

  /** Waits for what is being written; what remains is for the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#alone(() => this.#seal())
    await this.#folder.leave()
  }

  /** Says that this process lives, takes over from dead ones, and looks whether the disk works (again). */
  tick(): Promise<void> {
    const isDue = this.#ticks % ticksPerCheck === 0
    this.#ticks += 1
    return this.#alone(() =>
      this.#attempt(async () => {
        await this.#folder.create()
        await this.#folder.touch()
        await this.#folder.adopt()
        await this.#findSegments()
        if (isDue || this.#problem !== null) await tryDisk(this.#folder.path)
        if (this.#problem !== null) this.#options.log.info({}, 'the spool works again')
        this.#problem = null
      }).catch(() => {}),
    )
  }

  #bytes(): number {
    return this.#sealed.reduce((sum, { bytes }) => sum + bytes, this.#open?.bytes ?? 0)
  }

  #oldest(): number | null {
    const paths = [...this.#sealed, this.#open].flatMap((segment) => segment?.path ?? [])
    return paths.length === 0 ? null : Math.min(...paths.map(segmentTime))
  }

  /** One piece of work on the folder at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => {})
    return done
  }

  /** A success is no proof that the next one works, too: into a disk that is almost full, few visits fit and many do not. */
  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // Public: without the path that is in the message.
      const problem = `the spool is broken (${(error as NodeJS.ErrnoException).code ?? 'see the log'})`
      if (this.#problem === null) this.#options.log.error({ err: error }, 'the spool is broken')
      this.#problem = problem
      throw new SpoolError(problem, { cause: error })
    }
  }

  #fill(): void {
    if (!this.#isFull) this.#options.log.error({ bytes: this.#bytes() }, 'the spool is full')
    this.#isFull = true
  }

  /** Again in a new file when another process has taken the one that was written to. */
  async #store(bytes: Buffer): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        await this.#folder.create()
        this.#open ??= await OpenSegment.create(this.#folder.path)
        const isOurs = await this.#open.append(bytes)
        if (!isOurs || this.#open.bytes >= this.#options.segmentBytes) await this.#seal()
        if (isOurs) return
      } catch (error) {
        // After a failed fsync nobody knows what is on disk: nothing more goes into that file.
        await this.#seal()
        throw error
      }
    }
    throw new Error('other processes take the files of this one')
  }

  async #seal(): Promise<void> {
    const segment = this.#open
    this.#open = null
    this.#openOwners.clear()
    if (segment && segment.bytes > 0) this.#sealed.push(sealed(segment.path, segment.bytes))
    await segment?.close()
  }

  /** Files of dead processes come first: they are older. */
  async #findSegments(): Promise<void> {
    const known = new Set([...this.#sealed.map(({ path }) => path), this.#open?.path])
    const found: Sealed[] = []
    for (const name of await this.#folder.segments()) {
      const path = join(this.#folder.path, name)
      if (!known.has(path)) found.push(sealed(path, (await stat(path)).size))
    }
    this.#sealed = [...found, ...this.#sealed]
    if (found.length === 0) return
    this.#options.log.info({ files: found.length }, 'visits of a stopped server are in the spool')
    this.#found()
  }

  #forget(segment: Sealed): void {
    this.#sealed = this.#sealed.filter((one) => one !== segment)
    this.#isFull = false
  }

  #batch(segment: Sealed, bytes: Buffer): SpooledBatch {
    const content = decodeSegment(bytes)
    if (segment.owners === null) this.#report(segment, content)
    const { owners } = segment
    const visits = owners === null ? content.visits : content.visits.filter(({ ownerId }) => owners.has(ownerId))
    const keep = (owners: Set<number>, refused: SpooledVisit[]) => {
      segment.owners = owners
      segment.refused.push(...refused)
    }
    const done = async (refused: SpooledVisit[]) => {
      const { damaged, foreign } = content
      const bad = Buffer.concat([...damaged, ...foreign, ...[...segment.refused, ...refused].map(encodeRecord)])
      try {
        if (bad.length > 0) await this.#keepBad(segment, bad)
        await rm(segment.path, { force: true })
      } catch (error) {
        throw this.#postpone(segment, error)
      }
      this.#forget(segment)
    }
    return { visits, keep, done }
  }

  /** What is wrong with a file. */
  #report(segment: Sealed, { foreign, damaged, tornBytes }: SegmentContent): void {
    const { log } = this.#options
    const file = basename(segment.path)
    if (tornBytes > 0) log.warn({ file, bytes: tornBytes }, 'a spool file ends in the middle of a visit: cut off')
    if (damaged.length > 0) log.error({ file, places: damaged.length }, 'a spool file is damaged: see the .bad file')
    if (foreign.length > 0) {
      log.error({ file, visits: foreign.length }, 'visits of another version are in the spool: see the .bad file')
    }
  }

  /** On a full disk the whole file is kept: renaming always works. */
  async #keepBad(segment: Sealed, bad: Buffer): Promise<void> {
    const path = join(this.#options.directory, `${basename(segment.path)}.bad`)
    await writeFile(path, bad, { mode: 0o600, flush: true }).catch(() => rename(segment.path, path))
  }

  /** The other files have their turn first. */
  #postpone(segment: Sealed, error: unknown): SpoolError {
    this.#sealed = [...this.#sealed.filter((one) => one !== segment), segment]
    const file = basename(segment.path)
    return new SpoolError(`the spool file ${file} cannot be read or removed`, { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
