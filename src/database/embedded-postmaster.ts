import { execFile } from 'node:child_process'
import { link, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { codeOf, EmbeddedError } from './embedded-error.js'

const POLL_MS = 15
const SHUTDOWN_MS = 60_000

export type Postmaster = {
  pid: number
  /** null while the server is only beginning to start */
  port: number | null
  /** the whole file, to recognise it again */
  content: string
}

/** What `postmaster.pid` says (its lines: pid, folder, start, port …), or null when there is no such claim. */
export async function readPostmaster(folder: string): Promise<Postmaster | null> {
  let content: string
  try {
    content = await readFile(join(folder, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  const lines = content.split('\n')
  const pid = Number.parseInt(lines[0] ?? '', 10)
  const port = Number.parseInt(lines[3] ?? '', 10)
  // Empty for the instant between creation and first write.
  if (!(pid > 0)) return null
  return { pid, port: port > 0 ? port : null, content }
}

/** Whether a process of that id exists, whoever owns it; a dead one not yet collected by its parent counts too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/**
 * Whether the process is a server of this folder. After a crash the id in the file may belong to anyone: in a container
 * ids are small and soon used again, even by threads, and PostgreSQL itself would refuse to start.
 *
 * @returns null where the system does not say
 */
export async function serves(pid: number, folder: string): Promise<boolean | null> {
  if (!isAlive(pid)) return false
  if (process.platform === 'linux') return worksIn(pid, folder)
  // There PostgreSQL tells foreign processes apart by itself.
  if (process.platform === 'win32') return null
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
    return stdout.includes(folder)
  } catch {
    return isAlive(pid) ? null : false
  }
}

/** PostgreSQL makes the data folder its working directory before it writes its file. */
async function worksIn(pid: number, folder: string): Promise<boolean | null> {
  try {
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(folder)])
    return theirs.ino === ours.ino && theirs.dev === ours.dev
  } catch (error) {
    // Gone, or dead and not yet collected: a server it is not.
    return codeOf(error) === 'ENOENT' ? false : null
  }
}

/**
 * Takes away the file of a dead server whose process id lives on in another process. PostgreSQL still finds that
 * server's forgotten children, by the shared memory it looks for under the folder's inode.
 */
export async function setAside(folder: string, stale: Postmaster): Promise<void> {
  const path = join(folder, 'postmaster.pid')
  const aside = `${path}.stale-${process.pid}`
  try {
    await rename(path, aside)
    // Another process may have done the same and started a server since: then this was its file.
    if ((await readFile(aside, 'utf8')) !== stale.content) await link(aside, path)
    await rm(aside, { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error
  }
}

/**
 * Fast shutdown: ends connections, writes a checkpoint, and returns when the server is gone.
 *
 * @throws EmbeddedError when it is still there after a minute
 */
export async function shutDown(folder: string, pgCtl: string): Promise<void> {
  const found = await readPostmaster(folder)
  if (found === null) return
  if (process.platform === 'win32') {
    // There a signal would be a kill.
    await promisify(execFile)(pgCtl, ['stop', '-D', folder, '-m', 'fast', '-w'])
    return
  }
  process.kill(found.pid, 'SIGINT')
  const giveUpAt = performance.now() + SHUTDOWN_MS
  while (await serves(found.pid, folder)) {
    if (performance.now() > giveUpAt) throw new EmbeddedError(`PostgreSQL (process ${found.pid}) does not stop`)
    await wait(POLL_MS)
  }
}
