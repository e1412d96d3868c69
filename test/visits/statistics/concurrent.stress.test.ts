import fc from 'fast-check'
import type { PoolClient } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, expect, it } from 'vitest'
import { lockOwner } from '../../../src/accounts/repository.js'
import { openNotifications } from '../../../src/database/notifications.js'
import { inTransaction } from '../../../src/database/transaction.js'
import { SeededRandom } from '../../../src/demo/random.js'
import { erasePerson } from '../../../src/erasures/erase.js'
import { openBlockKeeper } from '../../../src/visits/statistics/block-keeper.js'
import type { NewVisit } from '../../../src/visits/visit.js'
import { testApp } from '../../support/app.js'
import { type ModelVisit, modelStatistics } from '../../support/statistics-model.js'
import { ask, hourMs, queryOf, question } from '../../support/statistics-questions.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../../support/visits.js'
import { Writer } from '../../support/writers.js'

const size = 64
const ownerId = 26
const links = [21, 22]
const recipients = [1, 2, 3]
/** They are erased one after the other. */
const leaving = Array.from({ length: 60 }, (_, at) => 4 + at)
const mobileOf = (recipient: number) => `44770090${1000 + recipient}`
const tokenOf = (link: number, recipient: number) => `l${link}r${recipient}`

/** Zones with a night in which their clocks are changed; each is asked about the visits of all. */
const zones = [
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Asia/Kathmandu', '2026-10-10T18:15:00Z'],
] as const

const agents = [
  chromeOnMac,
  { ...chromeOnMac, browserVersion: '68' },
  { ...chromeOnMac, browser: 'Safari' },
  { ...chromeOnMac, platform: 'Android', deviceType: 'smartphone', deviceBrand: 'Samsung' },
  { ...chromeOnMac, browser: null, platform: null, deviceType: null, deviceBrand: null },
]
const places = [
  localhost,
  { ...localhost, countryCode: 'IN', region: 'Haryana', city: 'Gurugram' },
  { ...localhost, countryCode: 'IN', region: 'Karnataka', city: 'Bengaluru' },
  { ...localhost, countryCode: 'DE', region: 'Berlin', city: 'Berlin' },
  null,
]

const writers: Writer[] = []
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.close()))
})

function visit(random: SeededRandom): NewVisit {
  const [, moment] = random.pick([...zones])
  const link = random.pick(links)
  return newVisit(link, {
    id: uuidv7(),
    createdAt: new Date(Date.parse(moment) + random.below(120 * hourMs) - 60 * hourMs),
    isBot: random.below(4) === 0,
    options: random.pick([null, null, { suspect: 'network' }]),
    userAgent: random.pick(agents),
    place: random.pick(places),
    browserLang: random.pick(['en', 'de', null]),
    host: random.pick(['go.example.com', 's.example.com', null]),
    clientIp: random.pick(['10.0.0.1', '10.0.0.2', '2001:db8::1', null]),
    recipientId: random.pick([null, ...recipients, random.pick(leaving)]),
  })
}

it('are what looking at every visit gives, whatever is asked, while two processes write, visits go and are blanked, and people are erased', async () => {
  const site = await testApp({ digests: { size } })
  const { db } = site
  const forgetful = await testApp({ databaseUrl: site.url, digests: { size, keptBytes: 1 } })
  await storeLinks(db, ownerId, ...links)
  for (const link of links) {
    const all = [...recipients, ...leaving]
    const tokens = all.map((recipient) => tokenOf(link, recipient))
    await storeRecipients(db, ownerId, link, all.map(mobileOf), tokens)
  }
  const random = new SeededRandom(Date.now() % 1_000_000)
  const failures: string[] = []
  const log = { error: (fields: object) => failures.push(JSON.stringify(fields)) }
  const notifications = openNotifications(site.url)
  const keeper = openBlockKeeper({ db, notifications, log, size, lookEveryMs: 50 })

  let isOver = false
  const batches = () =>
    Array.from({ length: 5 }, () => Array.from({ length: 1 + random.below(15) }, () => visit(random)))
  for (let count = 0; count < 2; count++) writers.push(new Writer(site.url))
  await Promise.all(writers.map((writer) => writer.append(ownerId, batches())))
  const writing = Promise.all(
    writers.map(async (writer) => {
      // More than are needed: they go on for as long as is asked.
      while (!isOver) await writer.append(ownerId, batches())
    }),
  )
  const changing = (async () => {
    while (!isOver) await inTransaction(db, (client) => change(client, random))
  })()

  let erased = 0
  const erasing = (async () => {
    for (const recipient of leaving) {
      if (isOver) return
      erased += (await erasePerson(db, ownerId, mobileOf(recipient), null, 3)).visits
    }
  })()

  let mostBlocks = 0
  // No smaller example is looked for: the log goes on meanwhile.
  const asking = fc.assert(
    fc.asyncProperty(fc.constantFrom(...zones), question(links), async ([zone, moment], asked) => {
      const query = queryOf(asked, zone, Date.parse(moment), (recipient) => tokenOf(asked.link ?? 21, recipient))
      await inTransaction(db, async (client) => {
        // Writers wait while everybody is asked about the same moment.
        await client.query(lockOwner([ownerId]))
        const { totals, groups, ...others } = modelStatistics(await visitsOf(client, asked.link), query)
        const { sent, reached, isKept, blocks } = await recipientsOf(client, asked.link)
        mostBlocks = Math.max(mostBlocks, blocks)
        // The link's own count of people reached is that of its visits as long as none is gone.
        const isWhole =
          isKept &&
          query.from === null &&
          query.to === null &&
          query.bots !== 'only' &&
          Object.keys(query.filter).length === 0
        const expected = {
          ...others,
          totals: { ...totals, ...(isWhole && { recipients_reached: reached }), recipients_sent: sent },
          groups: groups?.map((group) => (query.groupBy.includes('link') ? { ...group, title: '' } : group)) ?? null,
        }
        expect(await ask(site, ownerId, asked.link, query)).toEqual(expected)
        expect(await ask(forgetful, ownerId, asked.link, query)).toEqual(expected)
      })
    }),
    { numRuns: 100, endOnFailure: true },
  )
  await asking.finally(() => {
    isOver = true
  })
  await Promise.all([writing, changing, erasing])
  await keeper.close()
  await notifications.close()
  expect(mostBlocks).toBeGreaterThan(5)
  expect(erased).toBeGreaterThan(5)
  expect(failures).toEqual([])
})

/** As erasure, retention and better rules do: under the owner's lock. */
async function change(client: PoolClient, random: SeededRandom): Promise<void> {
  await client.query(lockOwner([ownerId]))
  const link = random.pick(links)
  const kind = random.below(8)
  if (kind === 0) {
    await client.query(
      `UPDATE links SET first_seq = kept.first, first_human_seq = kept.first_human, revision = revision + 1
       FROM (
         SELECT first, (SELECT count(*) + 1 FROM visits
           WHERE link_id = $1 AND human_seq IS NOT NULL AND seq < first) + l.first_human_seq - 1 AS first_human
         FROM links l CROSS JOIN LATERAL (SELECT greatest(l.first_seq, l.visits - 200) AS first) f WHERE l.id = $1
       ) kept WHERE id = $1`,
      [link],
    )
    await client.query(
      'DELETE FROM visits v USING links l WHERE l.id = $1 AND v.link_id = $1 AND v.seq < l.first_seq',
      [link],
    )
  } else if (kind === 1) {
    await client.query('UPDATE user_agents SET browser = $1 WHERE browser IS NOT DISTINCT FROM $2', [
      random.pick(['Chrome', 'Edge', 'Safari']),
      random.pick(['Edge', 'Safari', null]),
    ])
  } else if (kind < 5) {
    await client.query(
      `UPDATE visits SET client_ip = NULL, place_id = NULL, recipient_id = NULL, browser_lang = NULL
       WHERE link_id = $1 AND recipient_id = $2 AND seq > (SELECT visits - 60 FROM links WHERE id = $1)`,
      [link, random.pick(recipients)],
    )
    await client.query('UPDATE links SET revision = revision + 1 WHERE id = $1', [link])
  }
}

/** Every visit there is, with all it refers to. */
async function visitsOf(client: PoolClient, link: number | null): Promise<ModelVisit[]> {
  const { rows } = await client.query(
    `SELECT v.link_id::int AS link, v.created_at AS "createdAt", v.human_seq IS NULL AS "isBot", host(v.client_ip) AS "clientIp",
       v.browser_lang AS "browserLang", v.host, v.options, v.recipient_id::int AS "recipientId", r.token,
       json_build_object('id', a.id::text, 'browser', a.browser, 'platform', a.platform, 'deviceType', a.device_type,
         'deviceBrand', a.device_brand) AS "userAgent",
       CASE WHEN p.id IS NOT NULL THEN
         json_build_object('countryCode', p.country_code, 'region', p.region, 'city', p.city)
       END AS place
     FROM visits v
     JOIN user_agents a ON a.user_id = v.user_id AND a.id = v.user_agent_id
     LEFT JOIN places p ON p.user_id = v.user_id AND p.id = v.place_id
     LEFT JOIN recipients r ON r.user_id = v.user_id AND r.link_id = v.link_id AND r.id = v.recipient_id
     WHERE v.user_id = $1 AND ($2::int8 IS NULL OR v.link_id = $2)`,
    [ownerId, link],
  )
  return rows
}

async function recipientsOf(
  client: PoolClient,
  link: number | null,
): Promise<{ sent: number; reached: number; isKept: boolean; blocks: number }> {
  const { rows } = await client.query(
    `SELECT sum(last_recipient)::int AS sent, sum(reached)::int AS reached, bool_and(first_seq = 1) AS "isKept",
       (SELECT count(*) FROM visit_blocks)::int AS blocks
     FROM links WHERE user_id = $1 AND ($2::int8 IS NULL OR id = $2)`,
    [ownerId, link],
  )
  return rows[0]
}
