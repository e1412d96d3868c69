import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '../../src/database/transaction.js'
import { erasePerson } from '../../src/erasures/erase.js'
import { settleRecipients } from '../../src/recipients/repository.js'
import { appendVisits } from '../../src/visits/append.js'
import { examineLog } from '../../src/visits/doctor.js'
import { openApp, type TestApp } from '../support/app.js'
import { rowsRead, type SentStatement, type StatementWatch, watchStatements } from '../support/query-plans.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'

const many = 6000
const known = 25
const fresh = 26

let site: TestApp
let watch: StatementWatch

/**
 * An owner whose rows came after the last ANALYZE, which saw those of somebody else only: PostgreSQL believes that there are none,
 * and that reading all of them is as good as looking one up.
 */
beforeAll(async () => {
  site = await openApp()
  watch = watchStatements(site.db)
  for (const table of ['visits', 'recipients', 'tokens', 'links', 'owners']) {
    await site.db.pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`)
  }
  const mobiles = Array.from({ length: many }, (_, at) => `44770${at + 100_000}`)
  for (const owner of [known, fresh]) {
    await storeLink(site.db, owner, 21)
    await storeRecipients(
      site.db,
      owner,
      21,
      mobiles,
      mobiles.map((mobile) => `o${owner}m${mobile}`),
    )
    const visits = Array.from({ length: many }, (_, at) =>
      newVisit(21, { recipientId: at + 1, clientIp: `10.1.${at >> 8}.${at & 255}` }),
    )
    for (let at = 0; at < many; at += 1000) await appendVisits(site.db, owner, visits.slice(at, at + 1000))
    if (owner === known) await site.db.pool.query('ANALYZE')
  }
})
afterAll(() => site?.close())

/** Most rows of visits and of recipients that the statements of some work read, each in all its runs. */
async function mostRead(work: () => Promise<unknown>): Promise<{ visits: number; recipients: number }> {
  const statements = (await watch.of(work)).filter(({ text }) => /\b(visits|recipients)\b/.test(text))
  expect(statements).not.toEqual([])
  const most = async (table: string) => {
    let rows = 0
    for (const statement of statements.filter(isOne)) {
      for (const run of await rowsRead(site.db, table, statement)) rows = Math.max(rows, run.rowsRead)
    }
    return rows
  }
  return { visits: await most('visits'), recipients: await most('recipients') }
}

const isOne = ({ text }: SentStatement) => !text.startsWith('LISTEN')

const get = (url: string) => async () => {
  const { statusCode } = await site.app.inject({ url, headers: site.as(fresh, 'visits:read visits:pii links:read') })
  expect(statusCode).toBe(200)
}

describe('of an owner that statistics do not know, no more is read than is asked for', () => {
  it.each<[string, number, number]>([
    ['visits', 30, 30],
    ['visits?page=300', 30, 30],
    ['visits?bots=exclude&page=300', 30, 30],
    ['visits/feed?limit=50', 110, 110],
    [`visits?filter[token]=o${fresh}m44770100007`, 10, 10],
    [`visits/export?filter[token]=o${fresh}m44770100007`, 10, 10],
    ['visits?filter[mobile]=44770100007', 10, 10],
    ['visits?filter[client_ip]=192.0.2.1', 10, 10],
    ['recipients', 30, 30],
    ['recipients?visited=true&page=2', 45, 45],
  ])('%s', async (path, visits, recipients) => {
    const read = await mostRead(get(`/link/urls/21/${path}`))
    expect(read.visits).toBeLessThanOrEqual(visits)
    expect(read.recipients).toBeLessThanOrEqual(recipients)
  })

  it('a batch of visits', async () => {
    const batch = Array.from({ length: 200 }, (_, at) => newVisit(21, { recipientId: at + 1 }))
    const read = await mostRead(() => appendVisits(site.db, fresh, batch))
    expect(read.visits).toBeLessThanOrEqual(500)
    expect(read.recipients).toBeLessThanOrEqual(1000)
  })

  it('recipients that an import changes', async () => {
    const claims = Array.from({ length: 200 }, (_, at) => {
      return {
        linkId: 21,
        token: `o${fresh}m44770${at + 100_000}`,
        messageId: `m${at}`,
        mobile: `44770${at + 100_000}`,
      }
    })
    const read = await mostRead(() => inTransaction(site.db, (client) => settleRecipients(client, fresh, claims)))
    // To read all once may be cheaper than so many lookups.
    expect(read.recipients).toBeLessThanOrEqual(3 * many)
  })

  it('an erasure', async () => {
    const read = await mostRead(() => erasePerson(site.db, fresh, '44770100009', null))
    expect(read.visits).toBeLessThanOrEqual(10)
    expect(read.recipients).toBeLessThanOrEqual(10)
  })

  it('the doctor', async () => {
    const { signal } = new AbortController()
    const read = await mostRead(() => examineLog(site.db, { repair: false, signal, report: () => {} }))
    expect(read.visits).toBeLessThanOrEqual(3 * many)
    expect(read.recipients).toBeLessThanOrEqual(3 * many)
  })
})
