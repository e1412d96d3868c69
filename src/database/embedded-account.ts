import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { lchown, readdir, stat } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import { codeOf, EmbeddedError } from './embedded-error.js'

/** As whom PostgreSQL runs: it refuses root. */
export type Account = {
  /** The user to become; null stays Node's own. */
  user: User | null
  /**
   * In a user namespace of its own, where it takes itself for nobody while the system sees the user as before. For root
   * where no other user reaches the folders, and for initdb under a user id that has no name.
   */
  disguised: boolean
}

type User = { uid: number; gid: number }

const NOBODY: User = { uid: 65534, gid: 65534 }

/**
 * Chooses the account that can reach both the data folder and the programs (docs/architecture.md#the-embedded-database).
 *
 * As root: the present owner of the cluster, else nobody, else the user whose home is in the way; failing all, a user
 * namespace, which keeps root's own files readable.
 *
 * @param folder the cluster, which need not exist yet
 * @throws EmbeddedError when the cluster belongs to someone this process may not act for, or nobody reaches the folders
 */
export async function serverAccount(root: string, folder: string, program: string): Promise<Account> {
  const uid = process.geteuid?.()
  if (uid === undefined) return { user: null, disguised: false }
  const owner = await ownerOf(folder)
  if (uid !== 0) {
    if (owner === null || owner.uid === uid) return { user: null, disguised: false }
    throw new EmbeddedError(
      `${folder} belongs to user ${owner.uid}, this is user ${uid}: run as that user, or chown it`,
    )
  }

  const ways = [...(await ancestors(root)), ...(await ancestors(dirname(program)))]
  const candidates = [...(owner === null ? [] : [owner]), NOBODY, ...ways].filter((user) => user.uid !== 0)
  const user = candidates.find((candidate) => ways.every((way) => maySearch(way, candidate)))
  if (user !== undefined) return { user: { uid: user.uid, gid: user.gid }, disguised: false }
  const asOwner = { uid: 0, gid: 0 }
  if (process.platform === 'linux' && ways.every((way) => maySearch(way, asOwner)))
    return { user: null, disguised: true }
  throw new EmbeddedError(
    `PostgreSQL does not run as root, and no other user can reach ${root} and ${dirname(program)}: ` +
      'choose another DATA_DIR, start as an ordinary user, or set DATABASE_URL',
  )
}

/** Starts a PostgreSQL program as the account, with nothing of Node's environment: it may hold secrets or PG* variables. */
export function spawnAs(account: Account, program: string, args: string[], options: SpawnOptions): ChildProcess {
  // Node's working directory may be closed to the account. Windows programs do not start without their environment.
  const common: SpawnOptions = { cwd: parse(program).root, ...options }
  if (process.platform !== 'win32') common.env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  const user = account.user ?? {}
  if (!account.disguised) return spawn(program, args, { ...common, ...user })
  const nobody = ['--user', `--map-user=${NOBODY.uid}`, `--map-group=${NOBODY.gid}`, '--']
  // Replaces itself by the program, so the process id is the program's.
  return spawn('unshare', [...nobody, program, ...args], { ...common, ...user })
}

/** Makes a file, or a folder and all in it, the account's own. Costs one stat when it already is. */
export async function handOver(account: Account, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = account.user ?? { uid: 0, gid: 0 }
  const now = await stat(path)
  if (now.uid === uid) return
  // The folder itself comes last: its owner says whether the work was finished.
  const entries = now.isDirectory() ? await readdir(path, { recursive: true }) : []
  try {
    for (const entry of entries) await lchown(join(path, entry), uid, gid)
    await lchown(path, uid, gid)
  } catch (error) {
    throw new EmbeddedError(
      `PostgreSQL does not run as root, and ${path} cannot be given to user ${uid} (${codeOf(error)}): ` +
        'start as an ordinary user, or set DATABASE_URL',
      { cause: error },
    )
  }
}

type Way = User & { mode: number }

async function ownerOf(path: string): Promise<User | null> {
  return stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
}

async function ancestors(path: string): Promise<Way[]> {
  const here = await stat(path)
  const up = dirname(path)
  return up === path ? [here] : [here, ...(await ancestors(up))]
}

function maySearch(way: Way, user: User): boolean {
  const bit = way.uid === user.uid ? 0o100 : way.gid === user.gid ? 0o010 : 0o001
  return (way.mode & bit) !== 0
}
