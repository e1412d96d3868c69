import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSpool } from '../../src/capture/spool.js'
import type { Database } from '../../src/database/open.js'
import { expectKept } from '../faults/ledger.js'
import { bearer, testSecret } from '../support/app.js'
import { environmentOf } from '../support/command.js'
import { testDatabase } from '../support/database.js'
import { commandLine } from '../support/programs.js'
import { startServerProcess } from '../support/server-process.js'
import { until } from '../support/until.js'
import { newVisit, storeLink } from '../support/visits.js'
import { ndjson, untrackedRow } from '../support/wire-row.js'

const lockId = 4712
const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** Sessions that wait for a lock, but for that of a test. */
async function waitingForLocks(db: Database, besides = 0): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> $1`,
    [besides],
  )
  return rows[0]?.count ?? 0
}

/** `visits import` of owner 1, stopped by a signal in the middle of its transaction, which has the owner's lock. */
async function frozenImport(db: Database) {
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  await holder.query(`SELECT pg_advisory_lock(${lockId})`)
  await db.pool.query(`
    CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock_shared(${lockId});
      RETURN NULL;
    END $$;
    CREATE TRIGGER stand_still BEFORE INSERT ON links FOR EACH STATEMENT EXECUTE FUNCTION stand_still()`)
  const args = ['visits', 'import', '-', '--user', '1', '--link', '29', '--keep-order']
  const child = spawn(process.execPath, [commandLine, ...args], { env: await environmentOf(db) })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdin.end(ndjson([untrackedRow()]))
  await expect.poll(() => waitingForLocks(db)).toBe(1)
  child.kill('SIGSTOP')
  await holder.query(`SELECT pg_advisory_unlock(${lockId})`)
  const pid = await until(async () => {
    const { rows } = await db.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
    )
    return rows[0]?.pid
  })
  return { child, ended, said: () => said, pid }
}

it('a process that is frozen with the lock of an owner harms no other owner, and not the server', async () => {
  const { db, url } = await testDatabase()
  for (const [owner, link] of [
    [1, 20],
    [2, 30],
  ] as const)
    await storeLink(db, owner, link)
  await storeLink(db, 1, 21, { maxVisits: 5 })
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'smart-link-stuck-'))
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }))
  // Of both owners in turn, in one file.
  const left = await openSpool({ directory: join(DATA_DIR, 'spool'), maxBytes: 2 ** 30, log: silent })
  for (let nth = 0; nth < 40; nth += 1) {
    await left.append(1 + (nth % 2), newVisit(nth % 2 === 0 ? 20 : 30, { queryString: `spooled=${nth}` }))
  }
  await left.close()

  const frozen = await frozenImport(db)
  // Keeps the lock when the frozen process has lost it.
  const holder = await db.connectDirectly()
  onTestFinished(() => holder.end())
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await holder.query('SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0')
  await holder.query('BEGIN')
  const held = holder.query('SELECT FROM owners WHERE id = 1 FOR NO KEY UPDATE')
  held.catch(() => {})

  const env = { DATABASE_URL: url, DATA_DIR, JWT_SECRET: testSecret, RATE_LIMIT: '0', CAPTURE_WAIT_MS: '250' }
  const server = startServerProcess(env)
  const address = await server.address()
  const ask = (ownerId: number, path: string, init: RequestInit = {}) =>
    fetch(address + path, { headers: bearer({ sub: String(ownerId), scope: 'admin' }), redirect: 'manual', ...init })
  const edit = (ownerId: number, id: number) =>
    ask(ownerId, `/link/urls/${id}`, {
      method: 'PUT',
      body: JSON.stringify({ long_url: 'https://example.com/another' }),
    })
  const answered = new Set<string>()
  const click = async (token: string) => {
    const query = `click=${answered.size}`
    answered.add(query)
    expect((await ask(0, `/${token}?${query}`)).status).toBe(302)
  }
  const stored = async (ownerId: number) => {
    const { rows } = await db.pool.query('SELECT FROM visits WHERE user_id = $1', [ownerId])
    return rows.length
  }
  const waiting = () => waitingForLocks(db, rows[0]?.pid)
  let mostWaiting = 0
  const look = async () => {
    mostWaiting = Math.max(mostWaiting, await waiting())
  }

  const edits = Array.from({ length: 8 }, () => edit(1, 20))
  await expect.poll(waiting).toBeGreaterThan(0)
  const rounds = async (from: number) => {
    for (let nth = 0; nth < 10; nth += 1) {
      for (const path of ['/link/urls', '/link/urls/30', '/link/urls/30/visits', '/ready', '/auth/me']) {
        const { status } = await ask(2, path)
        expect([path, status]).toEqual([path, 200])
      }
      expect((await edit(2, 30)).status).toBe(200)
      await Promise.all(Array.from({ length: 10 }, () => click('link2x30')))
      await Promise.all([click('link1x20'), click('link1x20')])
      await look()
    }
    await expect.poll(() => stored(2)).toBe(from + 100)
    expect(await stored(1)).toBe(0)
  }
  await rounds(20)
  for (const { status, headers } of await Promise.all(edits))
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
  const limited = await ask(0, '/link1x21')
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([503, '5'])

  await held
  expect((await db.pool.query('SELECT FROM pg_stat_activity WHERE pid = $1', [frozen.pid])).rowCount).toBe(0)
  frozen.child.kill('SIGCONT')
  expect((await frozen.ended)[0]).toBe(1)
  expect(frozen.said()).toContain('idle-in-transaction timeout')

  await rounds(120)
  // An edit, a commit and the replay.
  expect(mostWaiting).toBeLessThanOrEqual(3)
  const late = edit(1, 20)
  await expect.poll(waiting).toBeGreaterThan(0)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect((await late).status).toBe(503)
  await expect.poll(waiting).toBe(0)

  await holder.query('ROLLBACK')
  const next = startServerProcess(env)
  await next.address()
  await expect.poll(async () => [await stored(1), await stored(2)]).toEqual([20 + 40, 20 + 200])
  await expectKept(url, answered)
})
