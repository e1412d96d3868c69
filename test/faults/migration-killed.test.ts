import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect, migrationsDirectory } from '../../src/database/connect.js'
import { handOver, serverAccount } from '../../src/database/embedded-account.js'
import { migrate } from '../../src/database/migrate.js'
import type { MigratingWord } from './migrating.js'
import { migrationKills } from './rounds.js'
import { type SystemPostgres, systemBinaries, systemPostgres } from './system-postgres.js'

const started: ChildProcess[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

const program = fileURLToPath(new URL('migrating.ts', import.meta.url))

/** A process of its own group, as a shell starts it. */
function startMigrating(kind: 'external' | 'embedded', place: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, kind, place], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  })
  started.push(child)
  const ended = once(child, 'exit')
  const heard = new Map<MigratingWord, number>()
  const begun = new Promise<void>((resolve) => {
    child.on('message', (word: MigratingWord) => {
      heard.set(word, performance.now())
      resolve()
    })
  })
  const took = () => (heard.get('is done') ?? 0) - (heard.get('begins') ?? 0)
  return { child, ended, begun, took }
}

/** All that makes a schema what it is, and what the history says of it. */
async function schemaOf(url: string): Promise<unknown> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query(`
    SELECT (SELECT json_agg((table_name, column_name, data_type, is_nullable, column_default) ORDER BY 1, 2)
        FROM (SELECT * FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2, 3, 4) c) AS columns,
      (SELECT json_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'public') AS indexes,
      (SELECT json_agg(pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace) AS constraints,
      (SELECT json_agg(pg_get_triggerdef(oid) ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal) AS triggers,
      (SELECT json_agg(prosrc ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS functions,
      (SELECT json_agg((migration_name, applied_steps_count) ORDER BY started_at) FROM _prisma_migrations
        WHERE rolled_back_at IS NULL) AS history`)
  await client.end()
  return rows[0]
}

describe.runIf(systemBinaries !== undefined)('a migration of an external database, killed,', () => {
  let root = ''
  let postgres: SystemPostgres
  let whole: unknown
  let spanMs = 0

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'smart-link-migrating-'))
    await chmod(root, 0o711)
    postgres = await systemPostgres(join(root, 'clusters'), 'first')
    await mkdir(postgres.folder)
    await handOver(await serverAccount(root, postgres.folder, join(systemBinaries ?? '', 'postgres')), postgres.folder)
    await postgres.run('initdb', ['-D', postgres.folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'])
    await postgres.start()
    await postgres.query('CREATE DATABASE whole')
    const migrating = startMigrating('external', postgres.url('whole'))
    await migrating.ended
    spanMs = migrating.took()
    whole = await schemaOf(postgres.url('whole'))
  })
  afterAll(async () => {
    await postgres.kill()
    await rm(root, { recursive: true, force: true, maxRetries: 10 })
  })

  it.each(migrationKills)('is finished by the next one, round %i', async (round) => {
    const name = `killed_${round}`
    await postgres.query(`CREATE DATABASE ${name}`)
    const url = postgres.url(name)
    // In some rounds the next one is killed as well.
    for (let kills = round % 3; kills >= 0; kills -= 1) {
      const victim = startMigrating('external', url)
      await victim.begun
      await wait(Math.random() * spanMs)
      victim.child.kill(round % 2 === 0 ? 'SIGKILL' : 'SIGINT')
      await victim.ended
    }
    await migrate(url, { directory: migrationsDirectory })
    expect(await schemaOf(url)).toEqual(whole)
    await postgres.query(`DROP DATABASE ${name} WITH (FORCE)`)
  })
})

describe('a first start with the embedded database, killed,', () => {
  const folder = async () => {
    const parent = await mkdtemp(join(tmpdir(), 'smart-link-first-start-'))
    await chmod(parent, 0o711)
    onTestFinished(() => rm(parent, { recursive: true, force: true, maxRetries: 10 }))
    return join(parent, 'data')
  }
  const open = (dataDir: string) =>
    connect({
      ...{ databaseUrl: undefined, databaseDirectUrl: undefined, databasePrepare: 'auto' },
      ...{ databasePool: 2, dataDir },
    })
  let whole: unknown
  let spanMs = 0

  it('is measured and looked at when it is whole', async () => {
    const dataDir = await folder()
    const migrating = startMigrating('embedded', dataDir)
    await migrating.ended
    spanMs = migrating.took()
    const { directUrl, close } = await open(dataDir)
    whole = await schemaOf(directUrl)
    await close()
    expect(await readdir(dataDir)).toEqual(['postgres', 'postgres.log'])
  })

  it.each(migrationKills)('is finished by the next one, round %i', async (round) => {
    const dataDir = await folder()
    for (let kills = round % 3 === 0 ? 1 : 0; kills >= 0; kills -= 1) {
      const victim = startMigrating('embedded', dataDir)
      await victim.begun
      await wait(Math.random() * spanMs)
      await kill(victim.child, dataDir, round)
      await victim.ended
    }
    const { db, directUrl, close } = await open(dataDir)
    expect(await schemaOf(directUrl)).toEqual(whole)
    expect(await db.prisma.owner.count()).toBe(0)
    await close()
  })
})

/** The process alone, with all that it has started, or as Ctrl-C does: what shares its terminal. */
async function kill({ pid = 0 }: ChildProcess, dataDir: string, round: number): Promise<void> {
  const others = round % 3 === 1 ? [...(await descendants(pid)), ...(await serverOf(dataDir))] : []
  if (round % 3 === 2) send(-pid, 'SIGINT')
  else for (const victim of [pid, ...others]) send(victim, 'SIGKILL')
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It had ended.
  }
}

async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const below = (parent: number): number[] =>
    all.flatMap(([child = 0, its]) => (its === parent ? [child, ...below(child)] : []))
  return below(pid)
}

/** The server that runs in the data folder, which is nobody's child. */
async function serverOf(dataDir: string): Promise<number[]> {
  const content = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(content, 10)
  return pid > 0 ? [pid] : []
}
