import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/demo/random.js'
import { appendVisits } from '../../src/visits/append.js'
import type { NewVisit } from '../../src/visits/visit.js'
import { openApp, type TestApp } from '../support/app.js'
import { explain, rowsRead, type SentStatement, type StatementWatch, watchStatements } from '../support/query-plans.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../support/visits.js'

const visitsOfLink = 24_000
const start = Date.parse('2026-01-01T00:00:00Z')
const minute = 60_000

let site: TestApp
let watch: StatementWatch
/** When a visit in the middle was recorded. */
let middle = ''

/** Two links of one owner, alike, so that a query that forgets one of its keys reads twice as much. */
beforeAll(async () => {
  site = await openApp()
  watch = watchStatements(site.db)
  await storeLinks(site.db, 26, 21, 22)
  const mobiles = Array.from({ length: 3000 }, (_, at) => `44770${at + 100_000}`)
  for (const link of [21, 22]) await storeRecipients(site.db, 26, link, mobiles)
  for (let first = 0; first < visitsOfLink; first += 2000) {
    const batch = [21, 22].flatMap((link) => Array.from({ length: 2000 }, (_, at) => manyVisits(link, first + at)))
    await appendVisits(site.db, 26, batch)
  }
  await site.db.pool.query('ANALYZE')
  const { rows } = await site.db.pool.query<{ at: Date }>('SELECT recorded_at AS at FROM visits WHERE seq = 12000')
  middle = rows[0]?.at.toISOString() ?? ''
})
afterAll(() => site?.close())

const random = new SeededRandom(1)
const agents = Array.from({ length: 40 }, (_, at) => ({ ...chromeOnMac, browserVersion: String(at) }))
const rareAgent = { ...chromeOnMac, browser: 'Konqueror' }
const places = Array.from({ length: 200 }, (_, at) => ({ ...localhost, countryCode: 'IN', city: `City ${at}` }))
const rarePlace = { ...localhost, countryCode: 'IS', city: 'Reykjavik' }

/** Three of the visits are rare in every way; in the middle only bots come for a while. */
function manyVisits(link: number, at: number): NewVisit {
  const isRare = at % 8000 === 4711
  return newVisit(link, {
    createdAt: new Date(start + at * minute),
    userAgent: isRare ? rareAgent : random.pick(agents),
    place: isRare ? rarePlace : random.pick(places),
    recipientId: isRare ? 3000 : random.pick([null, 1 + random.below(2999)]),
    clientIp: isRare ? '192.0.2.1' : `10.0.${random.below(20)}.${random.below(250)}`,
    isBot: (at > 10_000 && at < 16_000) || random.below(5) === 0,
  })
}

const pageOf21 = '/link/urls/21/visits?per_page=15'
/** Rows beyond the page itself: the end of a range, or the entries that the search by an index looked at besides. */
const few = 10

/** What the statements that read visits did, each in all its runs. */
async function accesses(url: string) {
  const statements = await watch.of(async () => {
    const answer = await site.app.inject({ url, headers: site.as(26) })
    expect(answer.statusCode).toBe(200)
  })
  const ofVisits = statements.filter(({ text }) => / visits\b/.test(text))
  expect(ofVisits).not.toEqual([])
  const runs = []
  for (const statement of ofVisits) runs.push(...(await explain(site.db, statement)))
  return runs
}

describe('a query of visits uses its index and touches no more than a page', () => {
  const [bySeq, byHuman, byAccount] = [
    'visits_pkey',
    'visits_user_id_link_id_human_seq_key',
    'visits_user_id_account_seq_key',
  ]

  it.each<[string, string, string, number]>([
    ['the first page', `${pageOf21}&page=1`, bySeq, 15],
    ['a page in the middle', `${pageOf21}&page=800`, bySeq, 15],
    ['the last page', `${pageOf21}&page=1600`, bySeq, 15],
    ['a large page', '/link/urls/21/visits?per_page=100&page=3', bySeq, 100],
    ['a page of people', `${pageOf21}&page=500&bots=exclude`, byHuman, 15],
    ['a page of an earlier state', `${pageOf21}&page=300&as_of=23999`, bySeq, 15],
    ['a page of people of an earlier state, before a run of bots', `${pageOf21}&as_of=15999&bots=exclude`, byHuman, 30],
    ['the feed of a link', '/link/urls/21/visits/feed?limit=50', bySeq, 50],
    ['the feed of the account', '/link/visits/feed?limit=50', byAccount, 50],
    ['the feed of a link from a time on', `/link/urls/21/visits/feed?limit=50&since={middle}`, bySeq, 50],
    ['the feed of the account from a time on', `/link/visits/feed?limit=50&since={middle}`, byAccount, 50],
    ['a rare browser', `${pageOf21}&filter[browser]=Konqueror`, 'visits_user_id_link_id_user_agent_id_idx', 15],
    ['a rare city', `${pageOf21}&filter[city]=Reykjavik`, 'visits_user_id_link_id_place_id_idx', 15],
    ['a recipient', `${pageOf21}&filter[token]=r21x7`, 'visits_user_id_link_id_recipient_id_idx', 15],
    ['a message', `${pageOf21}&filter[message_id]=r21x7`, 'visits_user_id_link_id_recipient_id_idx', 15],
    ['a rare address', `${pageOf21}&filter[client_ip]=192.0.2.1`, 'visits_user_id_link_id_client_ip_idx', 15],
    ['an unknown value', `${pageOf21}&filter[city]=Atlantis`, 'visits_user_id_link_id_place_id_idx', 0],
    [
      'a rare browser by its time',
      `${pageOf21}&filter[browser]=Konqueror&sort=-created_at`,
      'visits_user_id_link_id_user_agent_id_idx',
      15,
    ],
    [
      'people with a rare browser',
      `${pageOf21}&filter[browser]=Konqueror&bots=exclude`,
      'visits_user_id_link_id_user_agent_id_idx',
      15,
    ],
    ['the latest by their time', `${pageOf21}&sort=-created_at`, 'visits_user_id_link_id_created_at_idx', 15],
    ['the earliest by their time', `${pageOf21}&sort=created_at`, 'visits_user_id_link_id_created_at_idx', 15],
    ['the newest bots, of every fifth visit', `${pageOf21}&bots=only`, bySeq, 150],
    [
      'a quarter of an hour',
      `${pageOf21}&from=2026-01-03T00:00:00&to=2026-01-03T00:15:00`,
      'visits_user_id_link_id_created_at_idx',
      15,
    ],
  ])('%s', async (_, url, index, page) => {
    const runs = await accesses(url.replace('{middle}', middle))
    expect(runs.map(({ isSequential }) => isSequential)).not.toContain(true)
    expect(runs.flatMap(({ indexes }) => indexes)).toContain(index)
    expect(Math.max(...runs.map(({ touched }) => touched))).toBeLessThanOrEqual(page + few)
  })
})

describe('storing a batch', () => {
  /** Twenty visits that are stored already and as many new ones, for a log of any length. */
  async function batchStatement(): Promise<SentStatement> {
    const batch = Array.from({ length: 40 }, () => newVisit(21, { recipientId: 1 + random.below(2999) }))
    const sent = await watch.of(() => appendVisits(site.db, 26, batch))
    const insert = sent.find(({ text }) => text.includes('INSERT INTO visits'))
    expect(insert).toBeDefined()
    const rows = JSON.parse(String(insert?.values[1])) as { a: string }[]
    const values = rows.map((row, at) => (at % 2 === 0 ? row : { ...row, a: uuidv7() }))
    return { text: '', isNamed: true, ...insert, values: insert?.values.with(1, JSON.stringify(values)) ?? [] }
  }

  it('looks each visit up by its id', async () => {
    for (const { indexes, isSequential, touched } of await explain(site.db, await batchStatement())) {
      expect({ indexes, isSequential }).toEqual({ indexes: ['visits_user_id_id_key'], isSequential: false })
      expect(touched).toBeLessThanOrEqual(40)
    }
  })

  it('reads one visit more for the triggers that look for gaps', async () => {
    for (const run of await rowsRead(site.db, 'visits', await batchStatement())) {
      expect(run.sequentialScans).toBe(0)
      expect(run.rowsRead).toBeLessThanOrEqual(20 + few)
    }
  })
})
