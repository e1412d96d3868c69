import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../src/database/embedded.js'
import { cleanUp, dataFolder, killServer, open, processOn, query, serverOf, until, value } from './embedded-site.js'

const ROUNDS = 6

afterEach(cleanUp)

it('the server outlives a killed Node, and the next start uses it', async () => {
  const dataDir = await dataFolder()
  const killed = processOn(dataDir)
  const url = await killed.url()
  const pid = await serverOf(dataDir)
  await killed.kill()
  const next = await open(dataDir)
  expect(next.url).toBe(url)
  expect(await serverOf(dataDir)).toBe(pid)
  await next.stop()
  expect(await serverOf(dataDir)).toBeNull()
})

it('every committed row survives kill -9 of Node, of PostgreSQL and of both in the middle of inserts', async () => {
  const dataDir = await dataFolder()
  const committed: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = processOn(dataDir)
    await writer.url()
    writer.order('insert')
    await until(() => writer.committed().length > 50)
    if (round % 3 !== 0) await killServer(dataDir)
    if (round % 3 !== 1) await writer.kill()

    const db = await open(dataDir)
    committed.push(...writer.committed())
    const rows = await query<{ id: string }>(db.url, 'SELECT id FROM kept')
    const kept = new Set(rows.map((row) => Number(row.id)))
    expect(committed.filter((id) => !kept.has(id))).toEqual([])
    await writer.kill()
    await db.stop()
  }
  expect(committed.length).toBeGreaterThan(50 * ROUNDS)
})

it('a killed server is started again by those present, on its port, so that pools find it', async () => {
  const dataDir = await dataFolder()
  const first = await open(dataDir)
  const second = await open(dataDir)
  const pid = await serverOf(dataDir)
  await killServer(dataDir)
  await until(() => value(first.url, 'SELECT 1').catch(() => null))
  expect(await serverOf(dataDir)).not.toBe(pid)
  await first.stop()
  await until(() => value(second.url, 'SELECT 1').catch(() => null))
  await second.stop()
  expect(await serverOf(dataDir)).toBeNull()
})

it('a server started after a crash of everything takes its former port', async () => {
  const dataDir = await dataFolder()
  const crashed = processOn(dataDir)
  const url = await crashed.url()
  await crashed.kill()
  await killServer(dataDir)
  expect((await open(dataDir)).url).toBe(url)
})

it.runIf(process.platform === 'linux')(
  'a process id that now belongs to another process does not pass for the server',
  async () => {
    const dataDir = await dataFolder()
    const first = await open(dataDir)
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS number')
    const file = join(dataDir, 'postgres/postmaster.pid')
    const claim = await readFile(file, 'utf8')
    await first.stop()
    // Of the server's own user: PostgreSQL itself takes such a process for a running server and refuses to start.
    const user = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const innocent = spawn('sleep', ['600'], { stdio: 'ignore', ...user })
    await once(innocent, 'spawn')
    await writeFile(file, claim.replace(/^\d+/, String(innocent.pid)))
    const second = await open(dataDir)
    expect(await value(second.url, 'SELECT number FROM kept')).toBe(7)
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull()
    innocent.kill('SIGKILL')
    await second.stop()
  },
)

it('a server that cannot start says why in one line', async () => {
  const dataDir = await dataFolder()
  await (await open(dataDir)).stop()
  await appendFile(join(dataDir, 'postgres/postgresql.conf'), 'no_such_setting = 1\n')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/^PostgreSQL does not start: .*no_such_setting.*$/)
})

it('data of another major version is refused, not touched', async () => {
  const dataDir = await dataFolder()
  await mkdir(join(dataDir, 'postgres'), { recursive: true })
  await writeFile(join(dataDir, 'postgres/PG_VERSION'), '17\n')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/PostgreSQL 17 data/)
})

it('a folder in the way that is not a cluster is refused, not touched', async () => {
  const dataDir = await dataFolder()
  await mkdir(join(dataDir, 'postgres'), { recursive: true })
  await writeFile(join(dataDir, 'postgres/notes.txt'), 'mine')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/is not a PostgreSQL cluster/)
  expect(await readFile(join(dataDir, 'postgres/notes.txt'), 'utf8')).toBe('mine')
})
