import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

export const segmentSuffix = '.spool'
export const probeName = 'probe'

/** A folder not touched for so long belongs to a dead process. */
export const deadAfterMs = 30_000

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
/** Folders in use by this process. */
const ours = new Set<string>()

/**
 * A folder of its own for each process that spools into `root`, so two servers on one DATA_DIR never write to one file.
 *
 * Its name says whose it is: host, process id, and a random part. There is no lock to be left behind. A folder is taken
 * for a dead process's when its process is not alive on this host, or when nobody has touched it for 30 seconds, and its
 * files then move to the folder of whoever notices. That guess may be wrong (process ids of containers say little, a
 * server may have been suspended) and does no harm: a writer looks after each fsync whether its file is still where it
 * was, and writes again elsewhere if not (spool-segment.ts). So a visit is only ever called safe in a file that its
 * reader reads after that moment.
 */
export class SpoolFolder {
  readonly #root: string
  readonly #touches = new Touches()
  readonly #name = `${host}-${process.pid}-${randomBytes(4).toString('hex')}`

  constructor(root: string) {
    this.#root = root
    ours.add(this.#name)
  }

  get path(): string {
    return join(this.#root, this.#name)
  }

  /** Makes the folder, or renames a dead process's: that works on a full disk, too. */
  async create(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    if (await exists(this.path)) return
    for (const name of await this.#deadFolders()) {
      const taken = await rename(join(this.#root, name), this.path).then(
        () => true,
        () => false,
      )
      if (taken) return syncFolder(this.#root)
    }
    await mkdir(this.path, { mode: 0o700 })
    await syncFolder(this.#root)
  }

  /** Says that its process lives. */
  async touch(): Promise<void> {
    const now = new Date()
    await utimes(this.path, now, now)
  }

  /** Moves the files of dead processes here. */
  async adopt(): Promise<void> {
    for (const name of await this.#deadFolders()) {
      const folder = join(this.#root, name)
      for (const file of await segmentNames(folder)) {
        await rename(join(folder, file), join(this.path, file)).catch(ignoreMissing)
      }
      await syncFolder(this.path)
      await rm(join(folder, probeName), { force: true })
      // Not empty when its process lives after all, and has just written.
      await rmdir(folder).catch(() => {})
    }
  }

  /** Names of the files here, oldest first: they begin with their time. */
  segments(): Promise<string[]> {
    return segmentNames(this.path)
  }

  /** Gives the folder up; its files are anybody's from now on. */
  async leave(): Promise<void> {
    ours.delete(this.#name)
    await rmdir(this.path).catch(() => {})
  }

  async #deadFolders(): Promise<string[]> {
    const dead: string[] = []
    const names = await readdir(this.#root)
    this.#touches.keepOnly(names)
    for (const name of names) {
      if (await isDead(this.#root, name, this.#touches)) dead.push(name)
    }
    return dead.sort()
  }
}

/** A new file is on disk when its folder is. Windows cannot open folders and does not need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => ignoreMissing(error) ?? false,
  )
}

export function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

/** None of a folder that somebody else has just taken. */
async function segmentNames(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(ignoreMissing)) ?? []
  return names.filter((name) => name.endsWith(segmentSuffix)).sort()
}

async function isDead(root: string, name: string, touches: Touches): Promise<boolean> {
  const [, itsHost, pid] = /^([\da-f]{8})-(\d+)-[\da-f]{8}$/.exec(name) ?? []
  if (pid === undefined || ours.has(name)) return false
  if (itsHost === host && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true
  const found = await stat(join(root, name)).catch(ignoreMissing)
  return found !== undefined && (Date.now() - found.mtimeMs > deadAfterMs || touches.isOver(name, found.mtimeMs))
}

/**
 * When folders of others were last touched, and since when that has been so by a clock that nobody sets: where the time of day was put
 * back, what was touched before looks as if it had been touched just now.
 */
class Touches {
  readonly #seen = new Map<string, { mtimeMs: number; since: number }>()

  isOver(name: string, mtimeMs: number): boolean {
    const before = this.#seen.get(name)
    if (before?.mtimeMs === mtimeMs) return performance.now() - before.since > deadAfterMs
    this.#seen.set(name, { mtimeMs, since: performance.now() })
    return false
  }

  keepOnly(names: string[]): void {
    for (const name of this.#seen.keys()) if (!names.includes(name)) this.#seen.delete(name)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
