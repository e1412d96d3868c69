import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { freePort } from '../faults/postgres.js'
import { until } from './until.js'

/** PgBouncer as the system has it; undefined where it is not installed. `npm run check` installs it. */
export const pgbouncer = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

export interface Bouncer {
  /** The database, through it. */
  url: string
  start(): Promise<void>
  kill(): Promise<void>
}

/** PgBouncer in transaction pooling mode with four connections to PostgreSQL, otherwise as it comes; killed with the test. */
export async function startBouncer(target: string): Promise<Bouncer> {
  const { hostname, port: targetPort, username, password, pathname } = new URL(target)
  const folder = await mkdtemp(join(tmpdir(), 'smart-link-bouncer-'))
  // It refuses to be root, so another user reads this.
  await chmod(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  const secret = password === '' ? '' : ` password='${decodeURIComponent(password)}'`
  const login = `user=${decodeURIComponent(username)}${secret}`
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${targetPort || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`,
  )
  const url = `postgresql://anybody@127.0.0.1:${port}${pathname}`
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  let child: ReturnType<typeof spawn> | null = null
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  const start = async () => {
    const started = spawn(pgbouncer ?? '', [file], { ...account, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (said += text))
    child = started
    await until(async () => {
      if (started.exitCode !== null) throw new Error(said)
      const client = new pg.Client({ connectionString: url })
      client.on('error', () => {})
      const isThere = await client.connect().then(
        () => true,
        () => false,
      )
      await client.end().catch(() => {})
      return isThere
    })
  }
  onTestFinished(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return { url, start, kill }
}
