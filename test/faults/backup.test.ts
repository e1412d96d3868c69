import { execFile } from 'node:child_process'
import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { migrationsDirectory } from '../../src/database/connect.js'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { handOver, serverAccount } from '../../src/database/embedded-account.js'
import { migrate } from '../../src/database/migrate.js'
import { commandLine } from '../support/programs.js'
import { startClicks } from './clicks.js'
import { expectKept, storeTokens, tokens } from './ledger.js'
import { type ServerProcess, startServer } from './server.js'
import { copyFolder, type SystemPostgres, systemBinaries, systemPostgres } from './system-postgres.js'

async function temporaryFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'smart-link-backup-'))
  await chmod(root, 0o711)
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }))
  return root
}

/** A migrated cluster of the system's PostgreSQL, with links. */
async function cluster(root: string, settings: string[] = []): Promise<SystemPostgres> {
  const postgres = await systemPostgres(join(root, 'clusters'), 'first', settings)
  await mkdir(postgres.folder)
  await handOver(await serverAccount(root, postgres.folder, join(systemBinaries ?? '', 'postgres')), postgres.folder)
  await postgres.run('initdb', ['-D', postgres.folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'])
  await postgres.start()
  onTestFinished(() => postgres.kill())
  await postgres.query('CREATE DATABASE smart_link')
  await migrate(postgres.url('smart_link'), { directory: migrationsDirectory })
  await storeTokens(postgres.url('smart_link'))
  return postgres
}

async function serverOn(url: string, dataDir: string): Promise<ServerProcess> {
  const server = await startServer({ url, dataDir, env: { CAPTURE_WAIT_MS: '20000' } })
  onTestFinished(() => server.kill())
  return server
}

/** Clicks until so many more are answered. @returns their query strings */
async function clickOn({ port }: ServerProcess, times: number): Promise<Set<string>> {
  const clicks = startClicks(port, tokens)
  await expect.poll(() => clicks.answered.size).toBeGreaterThanOrEqual(times)
  await clicks.stop()
  expect([[...clicks.refused], clicks.broken]).toEqual([[], 0])
  return clicks.answered
}

/** `smart-link doctor`, which must be content. */
async function expectSound(url: string, dataDir: string): Promise<void> {
  const env = {
    ...process.env,
    DATABASE_URL: url,
    DATA_DIR: dataDir,
    SPOOL_MAX_BYTES: '1000000',
    JWT_SECRET: 'x'.repeat(32),
  }
  const { stdout } = await promisify(execFile)(process.execPath, [commandLine, 'doctor'], { env })
  expect(
    stdout.split('\n').filter((line) => /^(warn|fail)/.test(line) && !line.startsWith('warn backup: there is none')),
  ).toEqual([])
  expect(stdout).toMatch(/^ok {3}counters: 2 owners with 5 links/m)
}

async function queriesOf(url: string): Promise<Set<string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client
    .query<{ query: string }>('SELECT query_string AS query FROM visits')
    .finally(() => client.end())
  return new Set(rows.map(({ query }) => query))
}

describe.runIf(systemBinaries !== undefined)('with the programs of PostgreSQL', () => {
  it('a dump that was made while links were opened restores to a sound log, which goes on', async () => {
    const root = await temporaryFolder()
    const postgres = await cluster(root)
    const server = await serverOn(postgres.url('smart_link'), join(root, 'data'))
    const before = await clickOn(server, 300)
    const clicks = startClicks(server.port, tokens)
    const file = join(root, 'clusters', 'smart-link.dump')
    await chmod(join(root, 'clusters'), 0o777)
    await postgres.run('pg_dump', ['--format=custom', `--file=${file}`, postgres.url('smart_link')])
    await clicks.stop()
    expect(await server.stop()).toBe(0)

    await postgres.query('CREATE DATABASE restored')
    await postgres.run('pg_restore', ['--exit-on-error', '--no-owner', `--dbname=${postgres.url('restored')}`, file])
    await expectSound(postgres.url('restored'), join(root, 'data'))
    await expectKept(postgres.url('restored'), before)
    const restored = await queriesOf(postgres.url('restored'))
    const known = new Set([...before, ...clicks.answered])
    expect([...restored].filter((query) => !known.has(query))).toEqual([])
    const again = await serverOn(postgres.url('restored'), join(root, 'data'))
    const after = await clickOn(again, 100)
    await expectKept(postgres.url('restored'), new Set([...restored, ...after]))
    expect(await again.stop()).toBe(0)
  })

  it('a cluster is brought back to a moment: the log holds exactly the visits until then, and goes on', async () => {
    const root = await temporaryFolder()
    const archive = join(root, 'archive')
    await mkdir(archive)
    await chmod(archive, 0o777)
    const archiving = ['archive_mode=on', `archive_command=test ! -f ${archive}/%f && cp %p ${archive}/%f`]
    const postgres = await cluster(root, archiving)
    const second = await systemPostgres(join(root, 'clusters'), 'second')
    await chmod(join(root, 'clusters'), 0o777)
    const server = await serverOn(postgres.url('smart_link'), join(root, 'data'))
    const early = await clickOn(server, 200)
    const clicks = startClicks(server.port, tokens)
    await postgres.run('pg_basebackup', [
      '-D',
      second.folder,
      '-X',
      'none',
      '--checkpoint=fast',
      '--no-manifest',
      '-d',
      postgres.url(),
    ])
    await clicks.stop()
    const until = new Set([...early, ...clicks.answered, ...(await clickOn(server, 200))])
    const [moment] = await postgres.query<{ now: string }>('SELECT clock_timestamp()::text AS now')
    await clickOn(server, 200)
    expect(await server.stop()).toBe(0)
    const [last] = await postgres.query<{ file: string }>('SELECT pg_walfile_name(pg_switch_wal()) AS file')
    const archived = async () =>
      (await postgres.query<{ file: string }>('SELECT last_archived_wal AS file FROM pg_stat_archiver'))[0]?.file
    await expect.poll(archived).toBe(last?.file)
    await postgres.kill()
    await rm(postgres.folder, { recursive: true, force: true, maxRetries: 10 })

    await appendFile(
      join(second.folder, 'postgresql.auto.conf'),
      `restore_command = 'cp ${archive}/%f %p'
recovery_target_time = '${moment?.now}'
recovery_target_action = 'promote'
`,
    )
    await writeFile(join(second.folder, 'recovery.signal'), '', { mode: 0o666 })
    await second.start()
    onTestFinished(() => second.kill())
    const recovering = async () => (await second.query<{ is: boolean }>('SELECT pg_is_in_recovery() AS is'))[0]?.is
    await expect.poll(recovering).toBe(false)
    expect(await queriesOf(second.url('smart_link'))).toEqual(until)
    await expectSound(second.url('smart_link'), join(root, 'data'))
    await expectKept(second.url('smart_link'), until)
    const again = await serverOn(second.url('smart_link'), join(root, 'data'))
    const after = await clickOn(again, 100)
    await expectKept(second.url('smart_link'), new Set([...until, ...after]))
    expect(await again.stop()).toBe(0)
  })
})

it('a copy of the data folder of a stopped server is a backup of the embedded database', async () => {
  const root = await temporaryFolder()
  const dataDir = join(root, 'data')
  const embedded = await startEmbeddedPostgres({ dataDir })
  await migrate(embedded.url, { directory: migrationsDirectory })
  await storeTokens(embedded.url)
  await embedded.stop()
  const server = await serverOn('', dataDir)
  const answered = await clickOn(server, 200)
  expect(await server.stop()).toBe(0)
  await copyFolder(dataDir, join(root, 'copy'))
  await rm(dataDir, { recursive: true, force: true })
  await expectSound('', join(root, 'copy'))
  const again = await serverOn('', join(root, 'copy'))
  const after = await clickOn(again, 50)
  const looked = await startEmbeddedPostgres({ dataDir: join(root, 'copy') })
  await expectKept(looked.url, new Set([...answered, ...after]))
  await looked.stop()
  expect(await again.stop()).toBe(0)
})
