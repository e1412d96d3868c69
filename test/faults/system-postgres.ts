import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { serverAccount, spawnAs } from '../../src/database/embedded-account.js'
import { freePort } from './postgres.js'
import { until } from './until.js'

const installed = '/usr/lib/postgresql'

/** The newest PostgreSQL of the system, which has the programs for backups that the embedded one has not. */
export const systemBinaries = (existsSync(installed) ? readdirSync(installed) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => join(installed, version, 'bin'))
  .find((folder) => existsSync(join(folder, 'pg_basebackup')))

/** A cluster in a folder, and programs that work on it. */
export interface SystemPostgres {
  folder: string
  /** Of a database on it. */
  url(database?: string): string
  start(): Promise<void>
  kill(): Promise<void>
  /** Runs a program of PostgreSQL as who owns the cluster. @throws with what it said when it fails */
  run(program: string, args: string[]): Promise<void>
  query<Row extends pg.QueryResultRow>(sql: string, database?: string): Promise<Row[]>
}

/** Of a folder that holds a cluster already, or will. */
export async function systemPostgres(root: string, name: string, settings: string[] = []): Promise<SystemPostgres> {
  const binaries = systemBinaries ?? ''
  await mkdir(root, { recursive: true, mode: 0o711 })
  const folder = join(root, name)
  const port = await freePort()
  const account = await serverAccount(root, folder, join(binaries, 'postgres'))
  const url = (database = 'postgres') => `postgresql://postgres@127.0.0.1:${port}/${database}`
  let server: ChildProcess | null = null
  const query: SystemPostgres['query'] = async <Row extends pg.QueryResultRow>(sql: string, database?: string) => {
    const client = new pg.Client({ connectionString: url(database), connectionTimeoutMillis: 10_000 })
    client.on('error', () => {})
    await client.connect()
    return (await client.query<Row>(sql).finally(() => client.end())).rows
  }
  return {
    folder,
    url,
    query,
    async start() {
      const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
      const args = ['-D', folder, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])]
      const started = spawnAs(account, join(binaries, 'postgres'), args, { stdio: 'ignore' })
      server = started
      await until(async () => {
        if (started.exitCode !== null) throw new Error(`PostgreSQL ended with ${started.exitCode} instead of starting`)
        return query('SELECT').then(
          () => true,
          () => false,
        )
      }, 'PostgreSQL does not start')
    },
    async kill() {
      if (server === null || server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, 'exit')
      // As a crash would: its children end when they notice.
      server.kill('SIGKILL')
      await ended
    },
    async run(program, args) {
      const child = spawnAs(account, join(binaries, program), args, { stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text))
      const [code] = await once(child, 'close')
      if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`)
    },
  }
}

/** `cp -a`: owners stay who they were. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}
