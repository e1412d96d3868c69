import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Account, handOver, spawnAs } from './embedded-account.js'
import type { Binaries } from './embedded-binaries.js'
import { codeOf, EmbeddedError } from './embedded-error.js'
import { isAlive } from './embedded-postmaster.js'

/** Name of the application's role and of its database. */
export const ROLE = 'smart_link'

/** Inside the cluster, so that one rename publishes both and a copy of the folder is complete. */
const PASSWORD_FILE = 'smart_link.password'
const VERSION = '18'
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
 * or none (design.md 7). Of several first starts the first rename wins; the others throw their work away.
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
  const workshop = await mkdtemp(join(root, `${UNFINISHED}${process.pid}-`))
  unfinishedHere.add(workshop)
  try {
    const fresh = join(workshop, 'cluster')
    const superuserPassword = join(workshop, 'superuser')
    const password = secret()
    // Nobody keeps the superuser's password: the application has a role of its own, with no way to files or programs.
    await writeFile(superuserPassword, secret(), { mode: 0o600 })
    await handOver(account, workshop)
    await run(account, binaries.initdb, [...initdbArguments(superuserPassword), '-D', fresh])
    await run(
      account,
      binaries.postgres,
      ['--single', '-D', fresh, '-c', 'log_checkpoints=off', 'template1'],
      roleAndDatabase(password),
    )
    await writeFile(join(fresh, PASSWORD_FILE), password, { mode: 0o600 })
    await handOver(account, join(fresh, PASSWORD_FILE))
    await run(account, binaries.initdb, ['--sync-only', '-D', fresh])
    await publish(fresh, folder)
    await syncFolder(root)
  } finally {
    await rm(workshop, { recursive: true, force: true, maxRetries: 3 })
    unfinishedHere.delete(workshop)
  }
}

function initdbArguments(superuserPassword: string): string[] {
  const settings = ['shared_buffers=128MB', 'max_connections=100', 'TimeZone=UTC', 'log_timezone=UTC']
  return [
    ...['-U', 'postgres', `--pwfile=${superuserPassword}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync', '--no-instructions'],
    ...settings.flatMap((setting) => ['--set', setting]),
  ]
}

/** One command a line, as the single-user mode reads it. pg_monitor: `data_directory` is not for everyone's eyes. */
function roleAndDatabase(password: string): string {
  return [
    `CREATE ROLE ${ROLE} LOGIN CREATEDB PASSWORD '${password}'`,
    `GRANT pg_monitor TO ${ROLE}`,
    `CREATE DATABASE ${ROLE} OWNER ${ROLE}`,
    '',
  ].join('\n')
}

async function run(account: Account, program: string, args: string[], input = ''): Promise<void> {
  const child = spawnAs(account, program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A program that dies early closes its input; its exit tells the story.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const [errors, status] = await Promise.all([child.stderr === null ? '' : text(child.stderr), ended]).catch(
    (error: unknown) => {
      throw new EmbeddedError(`${program} cannot be run here (${codeOf(error)}): set DATABASE_URL`, { cause: error })
    },
  )
  // The single-user mode goes on after an error and reports success.
  if (status !== 0 || /\b(ERROR|FATAL|PANIC):/.test(errors)) {
    throw new EmbeddedError(`${program} failed (${status}): ${errors.trim().split('\n').slice(0, 3).join(' ')}`)
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

async function versionOf(folder: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** A rename is on disk when its folder is. Windows cannot open folders and does not need it. */
async function syncFolder(path: string): Promise<void> {
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

function secret(): string {
  return randomBytes(24).toString('base64url')
}
