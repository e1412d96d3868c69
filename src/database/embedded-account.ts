import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { lchown, readdir, stat } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import { codeOf, EmbeddedError } from './embedded-error.js'

/** As whom PostgreSQL runs: it refuses root. */
export type Account =
  /** Node's own user. */
  | { kind: 'self' }
  /** Node is root, PostgreSQL gets this user. */
  | { kind: 'user'; uid: number; gid: number }
  /** Node is root and no other user reaches the folders: PostgreSQL stays root outside, but sees itself as user 1000. */
  | { kind: 'namespace' }

type User = { uid: number; gid: number }

const NOBODY: User = { uid: 65534, gid: 65534 }

/**
 * Chooses the account that can reach both the data folder and the programs (design.md 7).
 *
 * As root: the present owner of the cluster, else nobody, else the user whose home is in the way; failing all, a user
 * namespace, which keeps root's own files readable.
 *
 * @param folder the cluster, which need not exist yet
 * @throws EmbeddedError when the cluster belongs to someone this process may not act for, or nobody reaches the folders
 */
export async function serverAccount(root: string, folder: string, program: string): Promise<Account> {
  const uid = process.geteuid?.()
  if (uid === undefined) return { kind: 'self' }
  const owner = await ownerOf(folder)
  if (uid !== 0) {
    if (owner === null || owner.uid === uid) return { kind: 'self' }
    throw new EmbeddedError(
      `${folder} belongs to user ${owner.uid}, this is user ${uid}: run as that user, or chown it`,
    )
  }

  const ways = [...(await ancestors(root)), ...(await ancestors(dirname(program)))]
  const candidates = [...(owner === null ? [] : [owner]), NOBODY, ...ways].filter((user) => user.uid !== 0)
  const user = candidates.find((candidate) => ways.every((way) => maySearch(way, candidate)))
  if (user !== undefined) return { kind: 'user', uid: user.uid, gid: user.gid }
  if (process.platform === 'linux' && ways.every((way) => maySearch(way, { uid: 0, gid: 0 })))
    return { kind: 'namespace' }
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
  if (account.kind === 'user') return spawn(program, args, { ...common, uid: account.uid, gid: account.gid })
  if (account.kind === 'self') return spawn(program, args, common)
  // Replaces itself by the program, so the process id is the program's.
  return spawn('unshare', ['--user', '--map-user=1000', '--map-group=1000', '--', program, ...args], common)
}

/** Makes a file, or a folder and all in it, the account's own. Costs one stat when it already is. */
export async function handOver(account: Account, path: string): Promise<void> {
  if (account.kind === 'self') return
  const { uid, gid } = account.kind === 'user' ? account : { uid: 0, gid: 0 }
  const now = await stat(path)
  if (now.uid === uid) return
  // The folder itself comes last: its owner says whether the work was finished.
  const entries = now.isDirectory() ? await readdir(path, { recursive: true }) : []
  for (const entry of entries) await lchown(join(path, entry), uid, gid)
  await lchown(path, uid, gid)
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
