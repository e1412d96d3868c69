import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { migrationsDirectory } from '../../src/database/connect.js'
import { type Account, handOver, serverAccount, spawnAs } from '../../src/database/embedded-account.js'
import { migrate } from '../../src/database/migrate.js'
import { freePort, type Victim, victimOf } from './postgres.js'

/** A PostgreSQL of the system, and what its operator can do to it. */
export interface Cluster extends Victim {
  /** As superuser. */
  ask<Row extends object>(sql: string): Promise<Row[]>
  /** Another that follows it, by streaming. */
  replica(name: string): Promise<Cluster>
}

/**
 * A migrated primary, whose `url` is that of a role which may do nothing but use its database. The programs are those of the system: the
 * embedded ones make no base backups.
 */
export async function startPrimary(root: string): Promise<Cluster> {
  await mkdir(root, { recursive: true, mode: 0o711 })
  const programs = await systemPrograms()
  const account = await serverAccount(root, join(root, 'primary'), join(programs, 'postgres'))
  const workshop = { root, programs, account }
  const folder = await folderFor(workshop, 'primary')
  await run(workshop, 'initdb', ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'])
  const primary = await startCluster(workshop, 'primary', folder)
  const admin = new pg.Client({ connectionString: urlOf(primary.port, 'postgres', 'postgres') })
  await admin.connect()
  await admin.query('CREATE ROLE smart_link LOGIN')
  await admin.query('CREATE DATABASE smart_link OWNER smart_link')
  await admin.end()
  await migrate(primary.url, { directory: migrationsDirectory })
  return primary
}

interface Workshop {
  root: string
  programs: string
  account: Account
}

const urlOf = (port: number, user: string, database: string) =>
  `postgresql://${user}@127.0.0.1:${port}/${database}?sslmode=disable`

async function startCluster(workshop: Workshop, name: string, folder: string): Promise<Cluster & { port: number }> {
  const { programs, account } = workshop
  const port = await freePort()
  const settings = [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=32MB', `cluster_name=${name}`],
    // What a reader is in the way of goes on at once, so that conflicts come.
    'max_standby_streaming_delay=0',
  ]
  const args = ['-D', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const anyUrl = urlOf(port, 'postgres', 'postgres')
  const victim = victimOf({ url: anyUrl, account, program: join(programs, 'postgres'), args })
  await victim.start()
  return {
    ...victim,
    port,
    url: urlOf(port, 'smart_link', 'smart_link'),
    async ask<Row extends object>(sql: string) {
      const client = new pg.Client({ connectionString: urlOf(port, 'postgres', 'smart_link') })
      client.on('error', () => {})
      await client.connect()
      const { rows } = await client.query<Row>(sql).finally(() => client.end())
      return rows
    },
    async replica(nameOfReplica) {
      const copy = await folderFor(workshop, nameOfReplica)
      const source = `host=127.0.0.1 port=${port} user=postgres application_name=${nameOfReplica}`
      await run(workshop, 'pg_basebackup', ['-D', copy, '-R', '-X', 'stream', '-c', 'fast', '-N', '-d', source])
      return startCluster(workshop, nameOfReplica, copy)
    },
  }
}

/** Empty, and the account's own. */
async function folderFor({ root, account }: Workshop, name: string): Promise<string> {
  const folder = join(root, name)
  await mkdir(folder, { mode: 0o700 })
  await handOver(account, folder)
  return folder
}

async function run({ programs, account }: Workshop, program: string, args: string[]): Promise<void> {
  const child: ChildProcess = spawnAs(account, join(programs, program), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
}

async function systemPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? (await readdir(root)).map(Number).sort((a, b) => b - a) : []
  const found = versions.map((version) => join(root, String(version), 'bin'))
  const folder = found.find((bin) => existsSync(join(bin, 'pg_basebackup')))
  if (folder === undefined) throw new Error('replicas are tested with a PostgreSQL of the system: install postgresql')
  return folder
}
