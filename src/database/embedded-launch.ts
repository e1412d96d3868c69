import { open, rename, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Account, handOver, spawnAs } from './embedded-account.js'
import type { Binaries } from './embedded-binaries.js'

/** A server process on its way; it may still lose to another one. */
export type Launched = {
  /** null while it runs */
  failure(): Promise<string | null>
  abandon(): void
}

export type LaunchSite = { root: string; folder: string; binaries: Binaries; account: Account }

const LARGEST_LOG_BYTES = 1024 * 1024

/**
 * What must not depend on the cluster's own configuration file: reachable from this machine only, and nothing of the data
 * in the log. ERROR lines quote values and their details quote rows, but the client that made them has them already;
 * level LOG keeps starts, recoveries, crashes and refused logins.
 */
const SETTINGS = [
  ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on', 'full_page_writes=on', 'autovacuum=on'],
  ...['log_destination=stderr', 'logging_collector=off', 'log_line_prefix=%m [%p] ', 'log_statement=none'],
  ...['log_min_messages=log', 'log_min_error_statement=panic', 'log_error_verbosity=terse', 'log_checkpoints=off'],
]

/**
 * Starts the server and returns at once. Two at a time do no harm: PostgreSQL locks the folder, the second one ends.
 *
 * Detached, so that Ctrl-C reaches Node alone, and writing to a file, so that it outlives Node.
 *
 * @param formerPort taken again after a crash if it is free, so that pools of other processes find the way back
 */
export async function launch(site: LaunchSite, formerPort: number | null): Promise<Launched> {
  await handOver(site.account, site.folder)
  const logPath = join(site.root, 'postgres.log')
  await rotate(logPath)
  const port = (await freePort(formerPort ?? 0)) ?? (await freePort(0)) ?? 0
  const log = await open(logPath, 'a', 0o600)
  const begin = (await log.stat()).size
  const args = ['-D', site.folder, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])]
  const child = spawnAs(site.account, site.binaries.postgres, args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  let broken: Error | null = null
  child.on('error', (error) => {
    broken = error
  })
  child.unref()
  await log.close()
  return {
    failure: async () => {
      if (broken !== null) return broken.message
      if (child.exitCode === null && child.signalCode === null) return null
      return lastWords(logPath, begin, child.pid)
    },
    abandon: () => child.kill('SIGINT'),
  }
}

/** A port nobody listens on at this moment, never PostgreSQL's own: clients find that one by default. */
async function freePort(wanted: number): Promise<number | null> {
  if (wanted === 5432) return null
  const server = createServer()
  const port = await new Promise<number | null>((resolve) => {
    server.once('error', () => resolve(null))
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : null)
    })
  })
  await new Promise((resolve) => server.close(resolve))
  return port === 5432 ? freePort(0) : port
}

/** Keeps at most two files of about that size. */
async function rotate(path: string): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }))
  // Of two processes that start at once, one moves it.
  if (size > LARGEST_LOG_BYTES) await rename(path, `${path}.1`).catch(() => {})
}

/** What this server process wrote before it ended; others may write to the same file. */
async function lastWords(path: string, begin: number, pid: number | undefined): Promise<string> {
  const log = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await log.read(Buffer.alloc(16_384), 0, 16_384, begin)
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line.trim() !== '')
    const own = lines.filter((line) => line.includes(`[${pid}]`))
    return (own.length > 0 ? own : lines).slice(-3).join(' ') || 'it ended without a word'
  } finally {
    await log.close()
  }
}
