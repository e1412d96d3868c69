import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../src/config.js'
import { ConnectError, connect, findDatabase } from '../../src/database/connect.js'
import { examineServer } from '../../src/database/environment.js'
import { openSession } from '../../src/database/session.js'
import { withToken } from '../support/access-tokens.js'
import { bearer, openApp, type TestApp } from '../support/app.js'
import { createDatabase, openPatiently, type TestDatabase } from '../support/database.js'
import { storeLink } from '../support/visits.js'

/** A database whose own defaults are all other than ours, and a server on it whose address says nothing of that. */
let database: TestDatabase
let other: TestApp

const defaults = {
  ...{ timezone: 'Asia/Kolkata', datestyle: 'German', intervalstyle: 'iso_8601', search_path: 'elsewhere' },
  ...{ default_transaction_isolation: 'serializable', extra_float_digits: '-5' },
}

beforeAll(async () => {
  database = await createDatabase(inject('templateName'))
  const name = new URL(database.url).pathname.slice(1)
  for (const [setting, value] of Object.entries(defaults)) {
    await database.db.pool.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`)
  }
  await storeLink(database.db, 1, 20)
  other = await openApp({ databaseUrl: database.url })
})

afterAll(async () => {
  await other.close()
  await database.drop()
})

/** Of the database, with more to it. */
const addressWith = (parameters: string) => `${database.url}${database.url.includes('?') ? '&' : '?'}${parameters}`

const options = (text: string) => `options=${encodeURIComponent(text)}`

const harmless: [string, Record<string, string>?][] = [
  [''],
  [options('-c TimeZone=America/New_York')],
  [options('-cTimeZone=America/New_York -c DateStyle=SQL,DMY')],
  [options('--timezone=America/New_York')],
  [options('-c timezone=America/New_York\\')],
  [options('-c geqo=off -c application_name=shop -e')],
  [options('-c statement_timeout=1 -c lock_timeout=1 -c idle_session_timeout=1 -c transaction_timeout=1')],
  [options('-c search_path=public -c default_transaction_isolation=serializable')],
  ['TimeZone=America/New_York'],
  ['timezone=America/New_York&DateStyle=German'],
  ['application_name=shop'],
  ['application_name=smart-link%20listen&fallback_application_name=shop'],
  ['statement_timeout=1&lock_timeout=1&idle_in_transaction_session_timeout=1'],
  ['client_encoding=LATIN1&encoding=latin1'],
  ['schema=public&connection_limit=1&pool_timeout=1&connect_timeout=1&socket_timeout=1'],
  ['pgbouncer=true&statement_cache_size=0'],
  ['sslmode=disable&channel_binding=prefer&target_session_attrs=read-write&gssencmode=disable'],
  ['ssl=false&keepalives=0'],
  ['', { PGOPTIONS: '-c TimeZone=America/New_York -c statement_timeout=1 -c search_path=elsewhere' }],
  ['', { PGTZ: 'America/New_York', PGDATESTYLE: 'German', PGAPPNAME: 'shop', TZ: 'America/New_York' }],
  ['', { PGREPLICATION: 'database', PGBINARY: 'true', PGCLIENT_ENCODING: 'latin1', PGCONNECT_TIMEOUT: '1' }],
]

describe.each(harmless)('with %s in its address and %j around it, a server', (parameters, env = {}) => {
  it('stores and reads times right, and sees at once what another revokes', async () => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const app = await openApp({ databaseUrl: addressWith(parameters) })
    onTestFinished(app.close)

    const before = Math.floor(Date.now() / 1000) * 1000
    expect((await app.app.inject({ url: '/link1x20?ü' })).statusCode).toBe(302)
    for (const reader of [app, other]) {
      const { data } = (await reader.app.inject({ url: '/link/urls/20/visits', headers: reader.as(1) })).json()
      const at = Date.parse(`${data[0].created_at.replace(' ', 'T')}Z`)
      expect(at).toBeGreaterThanOrEqual(before)
      expect(at).toBeLessThanOrEqual(Date.now())
      expect(data[0].query_string).toBe('%C3%BC')
    }
    const found = await app.db.prisma.link.findFirstOrThrow({ where: { userId: 1n, id: 20n } })
    expect(found.lastVisited?.getTime()).toBeGreaterThanOrEqual(before)
    expect(found.lastVisited?.getTime()).toBeLessThanOrEqual(Date.now())

    for (const [one, another] of [
      [app, other],
      [other, app],
    ] as const) {
      const made = await one.app.inject({
        ...{ method: 'POST', url: '/developer/tokens', headers: bearer({ sub: '1' }) },
        payload: { name: 'Caf\u00e9', scopes: ['links:read'] },
      })
      const { id, access_token: text } = made.json().data
      const status = async (server: TestApp) =>
        (await server.app.inject({ url: '/auth/me', headers: withToken(text) })).statusCode
      expect([await status(one), await status(another)]).toEqual([200, 200])
      const listeners = await database.db.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'smart-link listen'`,
      )
      expect(listeners.rowCount).toBe(2)
      await one.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: bearer({ sub: '1' }) })
      expect([await status(another), await status(one)]).toEqual([401, 401])
    }
  })
})

const refused = [
  ['search_path', options('-c search_path=elsewhere,public')],
  ['search_path', options('--search-path=elsewhere')],
  ['search_path', 'search_path=elsewhere'],
  ['schema', 'schema=elsewhere'],
  ['default_transaction_read_only', options('-c default_transaction_read_only=on')],
  ['default_transaction_read_only', 'default_transaction_read_only=on'],
  ['session_replication_role', options('-csession_replication_role=replica')],
  ['sslmode', 'sslmode=required'],
  ['sslmode', 'sslmode='],
  ['SSLMODE', 'SSLMODE=require'],
  ['ssl', 'ssl=maybe'],
  ['sslnegotiation', 'sslnegotiation=none'],
  ['gssencmode', 'gssencmode=require'],
  ['pgbouncer', 'pgbouncer=1'],
  ['require_auth', 'require_auth=password'],
  ['replication', 'replication=database'],
  ['binary', 'binary=true'],
  ['stream', 'stream=1'],
  ['query_timeout', 'query_timeout=1'],
  ['max', 'max=1'],
  ['constructor', 'constructor=1'],
  ['conection_limit', 'conection_limit=1'],
] as const

describe.each(['DATABASE_URL', 'DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URLS'])('%s', (variable) => {
  it.each(refused)('is refused by the name of what is wrong with it: %s in %s', (name, parameters) => {
    const url = 'postgresql://smart_link@127.0.0.1/smart_link'
    const env = { DATABASE_URL: url, [variable]: `${url}?sslmode=disable&${parameters}` }
    expect(() => readConfig(env)).toThrow(new RegExp(`^${variable} [^\\n]*\\b${name}\\b[^\\n]*$`))
  })
})

describe('the way to the database', () => {
  const config = (more: object) => ({ ...readConfig({ DATA_DIR: '/nowhere' }), databaseUrl: database.url, ...more })

  it('is refused when what is said at one address is not heard at the other', async () => {
    const elsewhere = await createDatabase(inject('templateName'))
    onTestFinished(elsewhere.drop)
    await expect(findDatabase(config({ databaseDirectUrl: elsewhere.url }))).rejects.toThrow(
      /^DATABASE_DIRECT_URL leads to .* is not heard there\.$/,
    )
    expect(await findDatabase(config({ databaseDirectUrl: database.url }))).toMatchObject({ isPooled: false })
  })

  it('says in one line what keeps it from being used', async () => {
    const opened = connect(config({ databaseUrl: addressWith('sslrootcert=/nowhere/ca.pem') }))
    await expect(opened).rejects.toThrow(/^DATABASE_URL cannot be used: .*\/nowhere\/ca\.pem/)
    await expect(opened).rejects.toBeInstanceOf(ConnectError)
    const odd = addressWith(options('-c no_such_setting=1'))
    await expect(connect(config({ databaseUrl: odd }))).rejects.toThrow(
      /^DATABASE_URL cannot be used: .*no_such_setting/,
    )
  })

  it('prepares no statements under names where the address asks for that', async () => {
    const unprepared = { databaseUrl: addressWith('pgbouncer=true') }
    expect(await findDatabase(config(unprepared))).toMatchObject({ isPooled: false, isPrepared: false })
    expect(await findDatabase(config({ ...unprepared, databasePrepare: 'on' }))).toMatchObject({ isPrepared: true })
    expect(await findDatabase(config({}))).toMatchObject({ isPrepared: true })
  })

  it('is what doctor looks at: a time zone that somebody has set on a connection of the pool', async () => {
    const db = openPatiently({ url: database.url, connections: 1 })
    onTestFinished(db.close)
    const faults = async () =>
      (await examineServer(db)).problems.flatMap(({ isFault, text }) => (isFault ? [text] : []))
    expect(await faults()).toEqual([])
    await db.pool.query(`SET TimeZone TO 'Europe/Berlin'; SET search_path TO elsewhere`)
    expect(await faults()).toEqual([
      'search_path is empty where it has to be public',
      'TimeZone is Europe/Berlin where it has to be UTC',
    ])
  })

  it('carries what else an address asks of the server', async () => {
    const session = await openSession(addressWith(options('-c work_mem=5MB  -c DateStyle=German --geqo=off')))
    const { rows } = await session.query(
      `SELECT current_setting('work_mem') AS a, current_setting('geqo') AS b, current_setting('DateStyle') AS c`,
    )
    await session.end()
    expect(rows).toEqual([{ a: '5MB', b: 'off', c: 'ISO, MDY' }])
  })
})
