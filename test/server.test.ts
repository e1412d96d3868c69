import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSigner } from 'fast-jwt'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { cleanUp, dataFolder, serverOf } from './database/embedded-site.js'
import { bearer, testSecret } from './support/app.js'
import { runInProcess } from './support/command-line.js'
import { createDatabase, type TestDatabase, testDatabase } from './support/database.js'
import { databaseUrl } from './support/postgres.js'
import { everything, parseAnswer } from './support/raw-http.js'
import { startServerProcess } from './support/server-process.js'
import { until } from './support/until.js'
import { storeLinks } from './support/visits.js'

const { authorization } = bearer({ sub: '26' })
const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`

async function connectionTo(address: string): Promise<Socket> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

async function refuses(address: string): Promise<boolean> {
  return connectionTo(address).then(
    (socket) => {
      socket.destroy()
      return false
    },
    () => true,
  )
}

/** A server on a database with link 21, whose table is locked until `release`. */
async function lockedServer() {
  const { db, url } = await testDatabase()
  await storeLinks(db, 26, 21)
  const server = startServerProcess({ DATABASE_URL: url, JWT_SECRET: testSecret })
  const address = await server.address()
  const locker = new pg.Client({ connectionString: url })
  await locker.connect()
  onTestFinished(() => locker.end())
  await locker.query('BEGIN; LOCK TABLE links')
  const waiting = async () => {
    // Its own statement: background work may wait for the table as well. And not in the locker's transaction, which sees what
    // others do as it was when it first looked.
    const { rowCount } = await db.pool.query(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND query LIKE '%v.client_ip%'`,
    )
    return rowCount === 1
  }
  return { server, address, waiting, release: () => locker.query('COMMIT') }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('answers what is in flight, takes nothing new, and ends with 0 though connections stay open', async () => {
    const { server, address, waiting, release } = await lockedServer()
    const idle = await connectionTo(address)
    idle.write(request('/health'))
    await once(idle, 'data')
    const untouched = await connectionTo(address)
    const inFlight = await connectionTo(address)
    const answer = everything(inFlight)
    const others = Promise.all([once(idle, 'close'), once(untouched, 'close')])
    inFlight.write(request('/link/urls/21/visits'))
    await until(waiting)

    server.child.kill(signal)
    await until(() => refuses(address))
    expect(server.child.exitCode).toBeNull()
    await release()

    const { status, headers, body } = parseAnswer(await answer)
    expect([status, headers.connection]).toEqual([200, 'close'])
    expect(JSON.parse(body)).toMatchObject({ status: 'OK', message: 'Visits', data: [] })
    expect(await server.ended).toBe(0)
    await others
  })
})

it('a second signal ends at once what the first one waits for', async () => {
  const { server, address, waiting } = await lockedServer()
  const inFlight = await connectionTo(address)
  inFlight.on('error', () => {}).write(request('/link/urls/21/visits'))
  await until(waiting)
  server.child.kill('SIGTERM')
  await until(() => refuses(address))
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(1)
})

describe('a start that cannot succeed ends with 1 and one line that says what to do:', () => {
  const url = (name: string) => databaseUrl(inject('postgresUrl'), name)
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(inject('templateName'))
  })
  afterAll(() => database?.drop())

  it.each<[string, Record<string, string>, RegExp]>([
    ['a bad value', { PORT: 'http' }, /^smart-link: PORT must be a port number from 0 to 65535$/],
    ['a weak secret', { JWT_SECRET: 'short' }, /^smart-link: JWT_SECRET must have at least 32 bytes$/],
    [
      'a database that does not listen',
      { DATABASE_URL: 'postgresql://me:hunter2@127.0.0.1:1/x' },
      /^smart-link: DATABASE_URL cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1$/,
    ],
    [
      'a database that does not exist',
      { DATABASE_URL: url('no_such_database') },
      /^smart-link: DATABASE_URL cannot be used: database "no_such_database" does not exist$/,
    ],
    [
      'a database that is not migrated',
      { DATABASE_URL: url('template1') },
      /^smart-link: Migrations are not applied: \w+, \w+, \w+ and \d+ more\. Run smart-link migrate\.$/,
    ],
  ])('%s', async (_, env, line) => {
    const given = { JWT_SECRET: testSecret, PORT: '0', ...env }
    const { status, stdout, stderr } = await runInProcess(database.db, ['serve'], { env: given })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.trimEnd()).toMatch(line)
    expect(stderr).not.toContain('hunter2')
  })

  it('a role that there is not', async () => {
    const { status, stdout, stderr } = await runInProcess(database.db, ['serve', '--only', 'api,queue'])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^error: option '--only <roles>' .* give api, redirect or work\.\n$/)
  })

  it('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const at = taken.address()
    const port = String(typeof at === 'object' ? at?.port : '')
    const server = startServerProcess({ DATABASE_URL: database.url, JWT_SECRET: testSecret, PORT: port })
    expect(await server.ended).toBe(1)
    expect(server.output()).toBe(`smart-link: PORT ${port} is taken on 127.0.0.1: stop what uses it, or set PORT.\n`)
  })
})

it('after kill -9 a start finds the embedded database, its data and its secret again, and a stop takes it down', async () => {
  const DATA_DIR = await dataFolder()
  onTestFinished(cleanUp)
  const killed = startServerProcess({ DATA_DIR })
  const ask = async (address: string) => {
    const key = (await readFile(join(DATA_DIR, 'jwt-secret'), 'utf8')).trim()
    const authorization = `Bearer ${createSigner({ key, algorithm: 'HS256' })({ sub: '26' })}`
    const answer = await fetch(`${address}/link/visits/feed`, { headers: { authorization } })
    return { status: answer.status, authorization }
  }
  const { status, authorization } = await ask(await killed.address())
  expect(status).toBe(200)
  const postgres = await serverOf(DATA_DIR)
  killed.child.kill('SIGKILL')
  expect(await killed.ended).toBe('SIGKILL')

  const next = startServerProcess({ DATA_DIR })
  const address = await next.address()
  expect(await serverOf(DATA_DIR)).toBe(postgres)
  expect((await fetch(`${address}/ready`)).status).toBe(200)
  expect((await fetch(`${address}/link/visits/feed`, { headers: { authorization } })).status).toBe(200)
  next.child.kill('SIGTERM')
  expect(await next.ended).toBe(0)
  expect(await serverOf(DATA_DIR)).toBeNull()
})
