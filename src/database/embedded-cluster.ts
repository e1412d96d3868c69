import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Account, handOver } from './embedded-account.js'
import type { Binaries } from './embedded-binaries.js'
import { codeOf, EmbeddedError } from './embedded-error.js'
import { makeCluster, PASSWORD_FILE } from './embedded-initdb.js'
import { isAlive } from './embedded-postmaster.js'

/** Major version that this program brings. */
export const VERSION = '18'
const UNFINISHED = 'postgres.new-'
const unfinishedHere = new Set<string>()

export type ClusterSite = {
  root: string
  folder: string
  binaries: Binaries
  account: Account
  log: (line: string) => void
}

/**
 * Makes the cluster if there is none, and returns the password of its role.
 *
 * It is made in a sibling folder and renamed when complete and on disk, so a kill at any moment leaves a whole cluster
 * or none (docs/architecture.md#the-embedded-database). Of several first starts the first rename wins; the others throw their work away.
 *
 * @throws EmbeddedError for a folder that is not a cluster, one of another major version, or a failed initdb
 */
export async function ensureCluster(site: ClusterSite): Promise<string> {
  await removeUnfinished(site.root)
  if ((await versionOf(site.folder)) === null) await createCluster(site)
  const version = await versionOf(site.folder)
  if (version !== VERSION) {
    throw new EmbeddedError(
      `${site.folder} holds PostgreSQL ${version} data, this program brings PostgreSQL ${VERSION}`,
    )
  }
  return (await readFile(join(site.folder, PASSWORD_FILE), 'utf8')).trim()
}

async function createCluster({ root, folder, binaries, account, log }: ClusterSite): Promise<void> {
  log(`creating a PostgreSQL cluster in ${folder}`)
  const workshop = join(root, `${UNFINISHED}${process.pid}-${randomUUID()}`)
  // Known before it is there: another start in this process would take it for one that was left behind.
  unfinishedHere.add(workshop)
  try {
    await mkdir(workshop, { mode: 0o700 })
    await handOver(account, workshop)
    await publish(await makeCluster(account, binaries, workshop), folder)
    await syncFolder(root)
  } finally {
    await rm(workshop, { recursive: true, force: true, maxRetries: 3 })
    unfinishedHere.delete(workshop)
  }
}

async function publish(fresh: string, folder: string): Promise<void> {
  try {
    await rename(fresh, folder)
  } catch (error) {
    // Someone else's cluster is there first: use it.
    if ((await versionOf(folder)) === null) {
      throw new EmbeddedError(`${folder} is in the way and is not a PostgreSQL cluster (${codeOf(error)})`, {
        cause: error,
      })
    }
  }
}

/** Major version of a cluster; null where there is none. */
export async function versionOf(folder: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** A rename is on disk when its folder is. Windows cannot open folders and does not need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Removes what killed first starts left: their process is gone, or (its id may live on in another) they are too old. */
async function removeUnfinished(root: string): Promise<void> {
  const tooOld = Date.now() - 10 * 60_000
  for (const name of await readdir(root)) {
    const pid = Number(/^postgres\.new-(\d+)-/.exec(name)?.[1])
    const path = join(root, name)
    if (Number.isNaN(pid) || unfinishedHere.has(path)) continue
    const age = await stat(path).catch(() => null)
    if (age === null) continue
    const inUse = pid !== process.pid && isAlive(pid) && age.mtimeMs > tooOld
    // An orphaned initdb may still write there; the next start tries again.
    if (!inUse) await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}
