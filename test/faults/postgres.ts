import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { migrationsDirectory } from '../../src/database/connect.js'
import { type Account, serverAccount, spawnAs } from '../../src/database/embedded-account.js'
import { findBinaries } from '../../src/database/embedded-binaries.js'
import { ensureCluster } from '../../src/database/embedded-cluster.js'
import { migrate } from '../../src/database/migrate.js'
import { until } from './until.js'

/** A PostgreSQL that things are done to. */
export interface Victim {
  /** The same after every restart. */
  url: string
  start(): Promise<void>
  /** As a crash of the machine would end it, but for what the kernel still writes. */
  kill(): Promise<void>
  /** Accepts connections, answers nothing. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

/**
 * A migrated cluster of its own in a folder, with fsync and synchronous_commit on as they are by default.
 *
 * @param settings besides, such as `work_mem=1MB`
 */
export async function startVictim(root: string, settings: string[] = []): Promise<Victim> {
  await mkdir(root, { recursive: true, mode: 0o711 })
  const folder = join(root, 'postgres')
  const binaries = await findBinaries()
  const account = await serverAccount(root, folder, binaries.postgres)
  const password = await ensureCluster({ root, folder, binaries, account, log: () => {} })
  const port = await freePort()
  const url = `postgresql://smart_link:${password}@127.0.0.1:${port}/smart_link?sslmode=disable`
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
  const args = ['-D', folder, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])]
  const victim = victimOf({ url, account, program: binaries.postgres, args })
  await victim.start()
  await migrate(url, { directory: migrationsDirectory })
  return victim
}

export interface VictimOptions {
  url: string
  account: Account
  /** Of PostgreSQL, with what it is given. */
  program: string
  args: string[]
}

/** A cluster that is there already. */
export function victimOf({ url, account, program, args }: VictimOptions): Victim {
  let server: ChildProcess | null = null

  const start = () =>
    until(async () => {
      if (await answers(url)) return true
      // It ends at once while the children of a killed one are still going.
      if (server === null || server.exitCode !== null || server.signalCode !== null) {
        server = spawnAs(account, program, args, { stdio: 'ignore' })
      }
      return false
    }, 'PostgreSQL does not start')
  const signal = async (name: NodeJS.Signals) => {
    for (const pid of server?.pid === undefined ? [] : await family(server.pid)) {
      try {
        process.kill(pid, name)
      } catch {
        // Gone meanwhile.
      }
    }
  }
  return {
    url,
    start,
    kill: async () => {
      if (server === null || server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, 'exit')
      await signal('SIGKILL')
      await ended
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** The process and its children, it first: so that it starts no new ones. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const children = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []))
  return [pid, ...children]
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
