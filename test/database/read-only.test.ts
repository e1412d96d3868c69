import Fastify from 'fastify'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { examineServer } from '../../src/database/environment.js'
import type { Database } from '../../src/database/open.js'
import { healthRoutes } from '../../src/health.js'
import { validateWithZod } from '../../src/http/validate.js'
import { newToken } from '../support/access-tokens.js'
import { testApp } from '../support/app.js'
import { newWebhook, storeLink } from '../support/visits.js'

const noWrites = '{"status":"ERROR","code":503,"message":"The database takes no writes. Try again soon.","data":[]}'

/** A server whose database takes no writes, as a standby does not, until it is told to. */
async function readOnlySite() {
  const site = await testApp()
  await storeLink(site.db, 1, 20, { isAdvanced: true })
  const { id: tokenId } = await newToken(site, 1)
  // The key of cursors is made once.
  await site.app.inject({ url: '/link/visits/feed', headers: site.as(1) })
  const webhookId = await newWebhook(site.db, 1, 'https://example.com/hook')
  // One whose session began before is not concerned.
  const admin = new pg.Client(site.url)
  await admin.connect()
  onTestFinished(() => admin.end())
  const name = new URL(site.url).pathname.slice(1)
  await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`,
    [name],
  )
  await expect
    .poll(() =>
      site.db.pool
        .query('SHOW transaction_read_only')
        .then(({ rows }) => rows[0])
        .catch(() => null),
    )
    .toEqual({
      transaction_read_only: 'on',
    })
  const allowWrites = () => admin.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`)
  return { ...site, tokenId, webhookId, allowWrites }
}

it('a database that takes no writes is not ready, is read from, and answers 503 to what would write', async () => {
  const { app, as, db, tokenId, webhookId } = await readOnlySite()
  const ready = await app.inject('/ready')
  expect([ready.statusCode, ready.headers['retry-after'], ready.body]).toEqual([503, '5', noWrites])
  const headers = as(1, 'admin visits:pii')
  const reads = [
    ...['/auth/me', '/link/urls', '/link/urls/20', '/link/urls/20/visits', '/link/urls/20/visits?search=x'],
    ...['/link/urls/20/visits/feed', '/link/visits/feed', '/link/urls/20/visits/stats', '/link/urls/20/visits/export'],
    ...['/link/urls/20/recipients', '/developer/tokens', '/developer/webhooks'],
  ]
  for (const url of reads) expect([url, (await app.inject({ url, headers })).statusCode]).toEqual([url, 200])
  const link = { long_url: 'https://example.com' }
  const webhook = { name: 'x', uri: 'https://example.com' }
  const writes = [
    ['POST', '/link/urls', link],
    ['PUT', '/link/urls/20', link],
    ['DELETE', '/link/urls/20', {}],
    ['POST', '/link/urls/20/recipients', { recipients: [{ mobile: '+4915112345678' }] }],
    ['POST', '/developer/tokens', { name: 'x', scopes: ['links:read'] }],
    ['DELETE', `/developer/tokens/${tokenId}`, {}],
    ['POST', '/developer/webhooks', webhook],
    ['PUT', `/developer/webhooks/${webhookId}`, webhook],
    ['DELETE', `/developer/webhooks/${webhookId}`, {}],
  ] as const
  for (const [method, url, payload] of writes) {
    const answer = await app.inject({ method, url, headers, payload })
    expect([method, url, answer.statusCode, answer.headers['retry-after'], answer.body]).toEqual([
      ...[method, url, 503, '5', noWrites],
    ])
  }
  expect(await faults(db)).toEqual(['it takes no writes'])
})

it('clicks go to the spool meanwhile, and into the log by themselves when writes are allowed again', async () => {
  const { app, as, recorder, allowWrites } = await readOnlySite()
  for (let click = 0; click < 5; click += 1) expect((await app.inject('/link1x20')).statusCode).toBe(302)
  expect(recorder.state()).toMatchObject({ totals: { committed: 0, spooled: 5, refused: 0 } })
  await allowWrites()
  const total = async () => {
    const { meta } = (await app.inject({ url: '/link/urls/20/visits', headers: as(1) })).json()
    return meta.total
  }
  await expect.poll(total).toBe(5)
  await expect.poll(async () => (await app.inject('/ready')).statusCode).toBe(200)
  const payload = { long_url: 'https://example.com' }
  const create = async () =>
    (await app.inject({ method: 'POST', url: '/link/urls', headers: as(1), payload })).statusCode
  await expect.poll(create).toBe(200)
})

it('a process that only opens links stays ready', async () => {
  const { db } = await readOnlySite()
  const app = Fastify()
  validateWithZod(app)
  healthRoutes(app, { db, recorder: null, isPatient: true, schemaProblem: async () => null })
  expect((await app.inject('/ready')).statusCode).toBe(200)
})

/** Without what is only slow, such as a server of the tests whose autovacuum is off. */
async function faults(db: Database): Promise<string[]> {
  const { problems } = await examineServer(db)
  return problems.flatMap(({ isFault, text }) => (isFault ? [text] : []))
}
