import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/config.js'
import { type Database, openDatabase } from '../../src/database/open.js'
import { type RunningServer, startServer } from '../../src/server.js'
import { startVictim, type Victim } from '../faults/postgres.js'
import { bearer, testSecret } from '../support/app.js'
import { startReceiver } from '../support/receiver.js'
import { accessesOf, type TableAccess, tellPlans } from '../support/table-accesses.js'
import { newWebhook, storeLink, storeRecipients } from '../support/visits.js'

/**
 * What looks into a table without the owner's key, and why. On a database that is spread by owner, each of these asks all
 * of its nodes, or has to be kept in a table that every node has whole (docs/scaling.md).
 */
const exceptions: { why: string; table: string; condition: RegExp }[] = [
  { why: 'a token in a short URL says whose it is', table: 'tokens', condition: /^\(token = / },
  { why: 'a new token must be new among all', table: 'tokens', condition: /^\(token = ANY / },
  { why: 'an access token says whose it is', table: 'access_tokens', condition: /^\(token_hash = / },
  { why: 'in the background: whose deliveries are due', table: 'webhook_lanes', condition: /^\(next_at <= / },
  { why: 'in the background: which owner is next', table: 'webhook_lanes', condition: /user_id (>|<=) / },
  { why: 'in the background: when the next is due', table: 'webhook_lanes', condition: /^$/ },
  { why: 'in the background: all owners, every ten minutes', table: 'owners', condition: /^$/ },
  { why: 'in the background: links on their way out', table: 'links', condition: /^$|removed_at IS NULL/ },
  {
    why: 'in the background: what is too old, every hour',
    table: 'links',
    condition: /^\(ROW\(\w*\.?user_id, \w*\.?id\) > /,
  },
  { why: 'belongs to no owner', table: 'server_keys', condition: /^\(name = / },
  { why: 'belongs to no owner', table: 'log_epochs', condition: /^/ },
  { why: 'belongs to no owner', table: 'backups', condition: /^/ },
]

/** What a look at an owner's rows begins with. */
function hasOwner({ table, condition }: TableAccess): boolean {
  return table === 'owners' ? /^\(id = /.test(condition) : /[( ](\w+\.)?user_id = /.test(condition)
}

let root = ''
let postgres: Victim
let db: Database
let server: RunningServer
const accesses: TableAccess[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'smart-link-owner-keys-'))
  await chmod(root, 0o711)
  postgres = await startVictim(join(root, 'database'), tellPlans)
  db = openDatabase({ url: postgres.url, connections: 2 })
  const connect = pg.Client.prototype.connect as (...args: unknown[]) => unknown
  vi.spyOn(pg.Client.prototype, 'connect').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    this.on('notice', ({ message }) => accesses.push(...accessesOf(message ?? '')))
    return connect.apply(this, args)
  } as never)
  const env = {
    DATABASE_URL: postgres.url,
    DATA_DIR: join(root, 'data'),
    JWT_SECRET: testSecret,
    PORT: '0',
    LOG_LEVEL: 'silent',
  }
  server = await startServer(readConfig({ ...env, WEBHOOK_ALLOW_PRIVATE: 'on', RATE_LIMIT: '0' }))
})
afterAll(async () => {
  await server?.stop()
  await db?.close()
  await postgres?.kill()
  await rm(root, { recursive: true, force: true })
})

/** Looks without an owner that are no exceptions, one of each kind. */
function withoutOwner(): string[] {
  const found = accesses.filter((access) => {
    const isException = exceptions.some(({ table, condition }) => {
      return table === access.table && condition.test(access.condition)
    })
    return !hasOwner(access) && !isException
  })
  return [...new Set(found.map(({ table, condition, text }) => `${table} by "${condition}" in ${text}`))]
}

const tables = () => new Set(accesses.map(({ table }) => table))

/** A request of an owner, as a client makes it. @returns the body as text */
async function ask(owner: number, url: string, { status = 200, method = 'GET', payload = {} as object | null } = {}) {
  const headers = {
    ...bearer({
      sub: String(owner),
      scope: 'visits:read visits:pii links:read links:write recipients:erase webhooks:read webhooks:write audit:read',
    }),
  }
  const json = { method, body: JSON.stringify(payload), headers: { ...headers, 'content-type': 'application/json' } }
  const init = method === 'GET' ? { headers } : json
  const answer = await fetch(server.address + url, { redirect: 'manual', ...init })
  const body = await answer.text()
  expect(answer.status, `${url} ${body}`).toBe(status)
  return body
}

const filters = [
  ...['browser=Chrome', 'platform=-Mac', 'device_type=desktop', 'device_brand=Apple', 'country_code=IN', 'city=-x'],
  ...['token=r1x1', 'message_id=m1', 'mobile=9019955123', 'client_ip=127.0.0.1'],
].map((filter) => `filter[${filter.replace('=', ']=')}`)

/** Requests of owner 1, and what each must have read, so that none is tested that does nothing. */
const hotPaths: [what: string, urls: string[], table: string][] = [
  ['the list of links', ['/link/urls', '/link/urls?filter[title]=x&filter[status]=1', '/link/urls/7'], 'links'],
  ['a page of visits', ['/link/urls/7/visits', '/link/urls/7/visits?page=2&per_page=2'], 'visits'],
  ['a page of people', ['/link/urls/7/visits?bots=exclude', '/link/urls/7/visits?bots=exclude&as_of=2'], 'visits'],
  ['a frozen page', ['/link/urls/7/visits?as_of=now', '/link/urls/7/visits?as_of=2'], 'visits'],
  ['visits under filters', filters.map((filter) => `/link/urls/7/visits?${filter}`), 'visits'],
  [
    'visits by time',
    ['from=2020-01-01&to=2030-01-01', 'sort=created_at', 'bots=only'].map((query) => `/link/urls/7/visits?${query}`),
    'visits',
  ],
  ['the feed of a link', ['/link/urls/7/visits/feed', '/link/urls/7/visits/feed?since=2020-01-01'], 'visits'],
  ['the feed of the account', ['/link/visits/feed', '/link/visits/feed?since=2020-01-01'], 'visits'],
  [
    'exports',
    ['', '?format=csv', '?format=parquet', ...filters.map((filter) => `?${filter}`)].map(
      (query) => `/link/urls/7/visits/export${query}`,
    ),
    'visits',
  ],
  [
    'statistics',
    ['/link/urls/7/visits/stats', '/link/visits/stats'].flatMap((url) => [
      ...[url, `${url}?interval=day&group_by=browser`],
      ...filters.map((filter) => `${url}?${filter}`),
    ]),
    'log_changes',
  ],
  ['statistics by link', ['/link/visits/stats?group_by=link'], 'links'],
  ['recipients', ['/link/urls/7/recipients', '/link/urls/7/recipients?filter[visited]=1'], 'recipients'],
  ['the audit of reads', ['/audit/reads', '/audit/reads?filter[link_id]=7&from=2020-01-01'], 'reads'],
  ['webhooks', ['/developer/webhooks', '/developer/webhooks?filter[name]=x'], 'webhooks'],
]

it('is asked for by every look into a table that a click makes, its outbox and its triggers included', async () => {
  const receiver = await startReceiver()
  for (const owner of [1, 2]) {
    const webhook = await newWebhook(db, owner, receiver.url)
    await storeLink(db, owner, 7, { webhookId: webhook, title: 'x' })
    await storeRecipients(db, owner, 7, ['9019955123', '9019955124'], [`r${owner}x1`, `r${owner}x2`])
  }
  accesses.length = 0
  for (const token of ['link1x7', 'link2x7', 'r1x1', 'r2x2', 'link1x7', 'r1x1'])
    await ask(1, `/${token}`, { status: 302 })
  await expect.poll(() => receiver.received.length).toBe(6)
  for (const table of ['tokens', 'links', 'recipients', 'visits', 'webhook_deliveries'])
    expect(tables()).toContain(table)
  expect(withoutOwner()).toEqual([])
})

it.each(hotPaths)('is asked for by every look into a table: %s', async (_, urls, table) => {
  accesses.length = 0
  for (const url of urls) await ask(1, url)
  expect(tables()).toContain(table)
  expect(withoutOwner()).toEqual([])
})

it('is asked for by every look into a table: what writes', async () => {
  accesses.length = 0
  for (const owner of [1, 2]) {
    const link = { long_url: 'https://example.com/', title: 'x', is_advanced: 1 }
    const { id } = JSON.parse(await ask(owner, '/link/urls', { method: 'POST', payload: link })).data
    const recipients = { recipients: [{ mobile: '9019955125' }, { mobile: '9019955126' }] }
    await ask(owner, `/link/urls/${id}/recipients`, { method: 'POST', payload: recipients })
    await ask(owner, `/link/urls/${id}`, { method: 'PUT', payload: link })
    await ask(owner, '/recipients/erase', { method: 'POST', payload: { mobile: '9019955125' } })
    await ask(owner, '/recipients/erasures')
    await ask(owner, `/link/urls/${id}`, { method: 'DELETE' })
  }
  expect(tables()).toContain('recipients')
  expect(withoutOwner()).toEqual([])
})

it('is one in each transaction that writes', async () => {
  const { rows: owned } = await db.pool.query<{ table: string }>(
    `SELECT table_name AS table FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY table_name`,
  )
  expect(owned.length).toBeGreaterThan(12)
  const written = owned.map(({ table }) => `SELECT xmin::text, user_id FROM ${table}`).join(' UNION ALL ')
  const { rows } = await db.pool.query(
    `SELECT xmin, array_agg(DISTINCT user_id) AS owners FROM (${written} UNION ALL SELECT xmin::text, id FROM owners) w
     GROUP BY xmin HAVING count(DISTINCT user_id) > 1`,
  )
  expect(rows).toEqual([])
})

describe('the schema', () => {
  it('has no sequence that owners share', async () => {
    const { rows } = await db.pool.query(`SELECT relname FROM pg_class WHERE relkind = 'S'`)
    expect(rows).toEqual([])
  })

  it('has keys that begin with the owner, but for what must be one of a kind among all', async () => {
    const { rows } = await db.pool.query<{ key: string }>(
      `SELECT c.relname || ' (' || a.attname || ')' AS key
       FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
       WHERE n.nspname = 'public' AND i.indisunique AND a.attname <> 'user_id' AND c.relname !~ '^_prisma' ORDER BY key`,
    )
    const owners = ['backups (id)', 'log_epochs (number)', 'owners (id)', 'server_keys (name)']
    const tokens = ['access_tokens (token_hash)', 'links (token)', 'recipients (token)', 'tokens (token)']
    expect(rows.map(({ key }) => key)).toEqual([...owners, ...tokens].sort())
  })

  it('has references that stay with the owner, but for tokens', async () => {
    const { rows } = await db.pool.query<{ name: string }>(
      `SELECT conname AS name FROM pg_constraint
       WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT (
         conkey[1] = (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'user_id')
         AND confkey[1] = (
           SELECT attnum FROM pg_attribute WHERE attrelid = confrelid
             AND attname = CASE WHEN confrelid = 'owners'::regclass THEN 'id' ELSE 'user_id' END
         )
       )`,
    )
    expect(rows.map(({ name }) => name)).toEqual(['recipients_token_fkey'])
  })
})
