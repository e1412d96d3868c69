import type { PoolClient } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, expect, it } from 'vitest'
import { lockOwner } from '../../../src/accounts/repository.js'
import { openNotifications } from '../../../src/database/notifications.js'
import type { Database } from '../../../src/database/open.js'
import { inTransaction } from '../../../src/database/transaction.js'
import { SeededRandom } from '../../../src/demo/random.js'
import { openBlockKeeper } from '../../../src/visits/statistics/block-keeper.js'
import type { NewVisit } from '../../../src/visits/visit.js'
import { type TestApp, testApp } from '../../support/app.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../../support/visits.js'
import { Writer } from '../../support/writers.js'

const size = 64
const zone = 'Europe/Berlin'
const links = [21, 22]
const agents = ['Chrome', 'Safari', 'Firefox', null].map((browser) => ({ ...chromeOnMac, browser }))
const places = [
  localhost,
  { ...localhost, countryCode: 'IN', city: 'Pune' },
  { ...localhost, countryCode: 'DE', city: 'Bonn' },
]

const writers: Writer[] = []
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close()))
})

function visit(random: SeededRandom): NewVisit {
  const link = random.pick(links)
  return newVisit(link, {
    id: uuidv7(),
    // Not in the order of recording, over the night on which clocks are put back.
    createdAt: new Date(Date.UTC(2026, 9, 24) + random.below(72 * 3_600_000)),
    isBot: random.below(4) === 0,
    options: random.pick([null, null, { suspect: 'network' }]),
    userAgent: random.pick(agents),
    place: random.pick([...places, null]),
    browserLang: random.pick(['en', 'de', null]),
    clientIp: `10.0.${random.below(4)}.${random.below(10)}`,
    recipientId: link === 21 ? random.pick([null, 1, 2, 3]) : null,
  })
}

it('are what a scan of the visits says, at every moment, while processes write, blank and remove', async () => {
  const site = await testApp({ digests: { size } })
  const { db } = site
  const other = await testApp({ databaseUrl: site.url, digests: { size } })
  const fresh = await testApp({ databaseUrl: site.url, digests: { size, keptBytes: 1 } })
  await storeLinks(db, 26, ...links)
  await storeRecipients(db, 26, 21, ['4477009001', '4477009002', '4477009003'])
  const random = new SeededRandom(6)
  const failures: string[] = []
  const log = { error: (fields: object) => failures.push(JSON.stringify(fields)) }
  const notifications = openNotifications(site.url)
  const keepers = [1, 2].map(() => openBlockKeeper({ db, notifications, log, size, lookEveryMs: 50 }))

  let compared = 0
  let isOver = false
  const writing = Promise.all(
    [1, 2, 3].map(async () => {
      const writer = new Writer(site.url)
      writers.push(writer)
      const batches = () =>
        Array.from({ length: 60 }, () => Array.from({ length: 1 + random.below(25) }, () => visit(random)))
      do await writer.append(26, batches())
      while (compared <= 20)
    }),
  ).finally(() => {
    isOver = true
  })
  const until = async (work: () => Promise<unknown>) => {
    while (!isOver) await work()
  }
  const changing = until(() => inTransaction(db, (client) => change(client, random)))
  // Readers that no moment is kept for: what they have in memory is of all kinds of states.
  const reading = [site, other].map((reader) => until(() => read(reader, random.pick(sources), '')))
  const compareOnce = async () => {
    await compare(db, [site, other, fresh], random)
    compared += 1
  }
  await Promise.all([writing, changing, until(compareOnce), ...reading])
  for (let last = 0; last < 5; last++) await compareOnce()
  await Promise.all(keepers.map((keeper) => keeper.close()))
  await notifications.close()
  const { rows } = await db.pool.query('SELECT count(*)::int AS blocks FROM visit_blocks')
  expect(rows[0]?.blocks).toBeGreaterThan(20)
  expect(failures).toEqual([])
})

/** As erasure, retention and better rules will: under the owner's lock. */
async function change(client: PoolClient, random: SeededRandom): Promise<void> {
  await client.query(lockOwner([26]))
  const link = random.pick(links)
  const { rows } = await client.query<{ first: number; last: number }>(
    'SELECT first_seq::int AS first, visits::int AS last FROM links WHERE user_id = 26 AND id = $1',
    [link],
  )
  const { first = 1, last = 0 } = rows[0] ?? {}
  const kind = random.below(10)
  if (kind === 0 && last - first > 150) {
    await client.query(
      `UPDATE links l SET first_seq = $2, first_human_seq = coalesce(
         (SELECT max(human_seq) + 1 FROM visits WHERE link_id = $1 AND seq < $2), first_human_seq) WHERE id = $1`,
      [link, first + 1 + random.below(60)],
    )
    await client.query('DELETE FROM visits v USING links l WHERE l.id = v.link_id AND v.seq < l.first_seq')
  } else if (kind === 1) {
    await client.query('UPDATE user_agents SET browser = $1 WHERE browser IS NOT DISTINCT FROM $2', [
      random.pick(['Chrome', 'Edge', 'Safari']),
      random.pick(['Edge', 'Firefox', null]),
    ])
  } else if (kind < 6) {
    await client.query(
      `UPDATE visits SET client_ip = NULL, place_id = NULL, recipient_id = NULL, browser_lang = NULL
       WHERE link_id = $1 AND seq = $2`,
      [link, first + random.below(Math.max(last - first, 1))],
    )
    await client.query('UPDATE links SET revision = revision + 1 WHERE id = $1', [link])
  }
}

type Source = 21 | 22 | null
const sources: Source[] = [21, 22, null]

async function read({ app, as }: TestApp, source: Source, query: string) {
  const path = source === null ? '/link/visits/stats' : `/link/urls/${source}/visits/stats`
  const answer = await app.inject({ url: `${path}?timezone=${zone}&top=100&${query}`, headers: as(26) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json().data
}

/** Writers wait while everybody is asked about the same moment. */
async function compare(db: Database, readers: TestApp[], random: SeededRandom): Promise<void> {
  const [question, source] = [random.pick(questions), random.pick(sources)]
  await inTransaction(db, async (client) => {
    await client.query(lockOwner([26]))
    const expected = await scan(client, source, question)
    for (const reader of readers) {
      const { totals, series, groups } = await read(reader, source, question.query)
      expect({ totals, rows: groups ?? series }).toEqual(expected)
    }
  })
}

interface Question {
  query: string
  where: string
  /** Of the answer's rows: columns, and how they are sorted. */
  columns: string
  order: string
}

const counted = `count(*)::int AS visits, count(v.human_seq)::int AS people, count(*) FILTER (WHERE v.human_seq IS NULL)::int AS bots,
  count(*) FILTER (WHERE v.human_seq IS NOT NULL AND v.options ->> 'suspect' = 'network')::int AS suspected`
const range = `v.created_at >= '2026-10-25T00:07:13.5Z' AND v.created_at < '2026-10-26T01:00:00Z'`
const rangeQuery = 'from=2026-10-25T00:07:13.5Z&to=2026-10-26T01:00:00Z'

const questions: Question[] = [
  { query: 'group_by=browser', where: 'true', columns: 'a.browser', order: 'visits DESC, browser COLLATE "C"' },
  { query: `group_by=city&${rangeQuery}`, where: range, columns: 'p.city', order: 'visits DESC, city COLLATE "C"' },
  {
    query: 'group_by=country_code,browser_lang',
    where: 'true',
    columns: 'p.country_code, v.browser_lang',
    order: 'visits DESC, country_code COLLATE "C", browser_lang COLLATE "C"',
  },
  {
    query: `group_by=browser,city&filter[browser]=-Chrome&filter[country_code]=IN,DE&${rangeQuery}`,
    where: `a.browser IS DISTINCT FROM 'Chrome' AND p.country_code IN ('IN', 'DE') AND ${range}`,
    columns: 'a.browser, p.city',
    order: 'visits DESC, browser COLLATE "C", city COLLATE "C"',
  },
  {
    query: 'group_by=browser&filter[client_ip]=10.0.1.3,10.0.2.4',
    where: `v.client_ip IN ('10.0.1.3', '10.0.2.4')`,
    columns: 'a.browser',
    order: 'visits DESC, browser COLLATE "C"',
  },
  {
    query: `group_by=city&filter[suspect]=-network&${rangeQuery}`,
    where: `(v.human_seq IS NULL OR v.options IS NULL) AND ${range}`,
    columns: 'p.city',
    order: 'visits DESC, city COLLATE "C"',
  },
  {
    query: 'interval=day&from=2026-10-23T22:00:00Z&to=2026-10-27T23:00:00Z',
    where: 'true',
    columns: `to_char(date_trunc('day', v.created_at AT TIME ZONE '${zone}'), 'YYYY-MM-DD') AS day`,
    order: 'day',
  },
]

/** The plainest way: every visit is looked at, with all it refers to. */
async function scan(client: PoolClient, source: Source, { query, where, columns, order }: Question) {
  const isWhole = where === 'true'
  const from = `FROM visits v
    JOIN links l ON l.user_id = v.user_id AND l.id = v.link_id AND l.deleted_at IS NULL
    JOIN user_agents a ON a.user_id = v.user_id AND a.id = v.user_agent_id
    LEFT JOIN places p ON p.user_id = v.user_id AND p.id = v.place_id
    WHERE v.user_id = 26 AND ($1::int8 IS NULL OR v.link_id = $1) AND ${where}`
  const totals = await client.query(
    `SELECT ${counted}, count(DISTINCT (v.client_ip, v.user_agent_id)) FILTER (WHERE v.human_seq IS NOT NULL)::int AS unique_visitors,
       count(DISTINCT (v.link_id, v.recipient_id)) FILTER (WHERE v.human_seq IS NOT NULL AND v.recipient_id IS NOT NULL)::int
         AS recipients_reached ${from}`,
    [source],
  )
  const ofLinks = await client.query(
    `SELECT sum(reached)::int AS reached, sum(last_recipient)::int AS recipients_sent
     FROM links WHERE user_id = 26 AND ($1::int8 IS NULL OR id = $1)`,
    [source],
  )
  const { reached, recipients_sent } = ofLinks.rows[0]
  const grouped = await client.query(
    `SELECT ${columns}, ${counted} ${from} GROUP BY ${columns.replace(/ AS \w+/, '')} ORDER BY ${order}`,
    [source],
  )
  return {
    totals: { ...totals.rows[0], ...(isWhole && { recipients_reached: reached }), recipients_sent },
    rows: query.startsWith('interval') ? days(grouped.rows) : grouped.rows,
  }
}

/** Of a series: the days from the 24th to the 27th, those without visits too. */
function days(rows: { day: string; visits: number; people: number; bots: number; suspected: number }[]) {
  return [24, 25, 26, 27].map((day) => {
    const found = rows.find((row) => row.day === `2026-10-${day}`)
    const { visits = 0, people = 0, bots = 0, suspected = 0 } = found ?? {}
    return { start: `2026-10-${day}T00:00:00${day < 26 ? '+02:00' : '+01:00'}`, visits, people, bots, suspected }
  })
}
