import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Account, handOver, spawnAs } from './embedded-account.js'
import type { Binaries } from './embedded-binaries.js'
import { codeOf, EmbeddedError } from './embedded-error.js'

/** Name of the application's role and of its database. */
export const ROLE = 'smart_link'

/** Inside the cluster, so that one rename publishes both and a copy of the folder is complete. */
export const PASSWORD_FILE = 'smart_link.password'

/** Defaults of the cluster's own postgresql.conf, for the owner of the machine to change. */
const SETTINGS = ['shared_buffers=128MB', 'max_connections=100', 'TimeZone=UTC', 'log_timezone=UTC']

/**
 * Makes a complete cluster, synced to disk, in an empty folder that belongs to the account.
 *
 * @returns its path, inside that folder
 * @throws EmbeddedError when a program cannot run here or fails
 */
export async function makeCluster(account: Account, binaries: Binaries, workshop: string): Promise<string> {
  const fresh = join(workshop, 'cluster')
  const password = secret()
  const maker = await initdb(account, binaries, workshop, fresh)
  const single = ['--single', '-D', fresh, '-c', 'log_checkpoints=off', 'template1']
  check(binaries.postgres, await run(maker, binaries.postgres, single, roleAndDatabase(password)))
  await writeFile(join(fresh, PASSWORD_FILE), password, { mode: 0o600 })
  await handOver(account, join(fresh, PASSWORD_FILE))
  check(binaries.initdb, await run(maker, binaries.initdb, ['--sync-only', '-D', fresh]))
  return fresh
}

/** @returns the account that did it and can go on: unlike the server, initdb insists on a name for its user id */
async function initdb(account: Account, binaries: Binaries, workshop: string, fresh: string): Promise<Account> {
  // Nobody keeps the superuser's password: the application has a role of its own, with no way to files or programs.
  const superuserPassword = join(workshop, 'superuser')
  await writeFile(superuserPassword, secret(), { mode: 0o600 })
  await handOver(account, superuserPassword)
  const args = [
    ...['-U', 'postgres', `--pwfile=${superuserPassword}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync', '--no-instructions', '-D', fresh],
    ...SETTINGS.flatMap((setting) => ['--set', setting]),
  ]
  const outcome = await run(account, binaries.initdb, args)
  const nameless = /could not look up effective user ID/.test(outcome.errors)
  if (!nameless || account.disguised || process.platform !== 'linux') {
    check(binaries.initdb, outcome)
    return account
  }
  const disguised = { ...account, disguised: true }
  check(binaries.initdb, await run(disguised, binaries.initdb, args))
  return disguised
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

type Outcome = { status: number | null; errors: string }

async function run(account: Account, program: string, args: string[], input = ''): Promise<Outcome> {
  const child = spawnAs(account, program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A program that dies early closes its input; its exit tells the story.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  try {
    const [errors, status] = await Promise.all([child.stderr === null ? '' : text(child.stderr), ended])
    return { status, errors }
  } catch (error) {
    throw new EmbeddedError(`${program} cannot be run here (${codeOf(error)}): set DATABASE_URL`, { cause: error })
  }
}

function check(program: string, { status, errors }: Outcome): void {
  // The single-user mode goes on after an error and reports success.
  if (status === 0 && !/\b(ERROR|FATAL|PANIC):/.test(errors)) return
  const reason = errors.trim().split('\n').slice(0, 3).join(' ')
  const advice = reason.startsWith('unshare:')
    ? ': start as an ordinary user with a name and a DATA_DIR of its own, or set DATABASE_URL'
    : ''
  throw new EmbeddedError(`${program} failed (${status}): ${reason}${advice}`)
}

function secret(): string {
  return randomBytes(24).toString('base64url')
}
