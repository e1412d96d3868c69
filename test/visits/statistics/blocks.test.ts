import type { PoolClient } from 'pg'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../../src/database/open.js'
import { inTransaction } from '../../../src/database/transaction.js'
import { deleteLink } from '../../../src/links/delete.js'
import { appendVisits } from '../../../src/visits/append.js'
import { examineLog } from '../../../src/visits/doctor.js'
import { removeStep } from '../../../src/visits/removal.js'
import { openBlockKeeper } from '../../../src/visits/statistics/block-keeper.js'
import { saveBlocks } from '../../../src/visits/statistics/blocks.js'
import { blockOfLog, findMissing, makeBlock } from '../../../src/visits/statistics/missing-blocks.js'
import { readVersion } from '../../../src/visits/statistics/source.js'
import { type TestApp, testApp } from '../../support/app.js'
import { chromeOnMac, localhost, newVisit, storeLinks, storeRecipients } from '../../support/visits.js'

const size = 64
const safari = { ...chromeOnMac, browser: 'Safari' }
const gurugram = { ...localhost, countryCode: 'IN', region: 'Haryana', city: 'Gurugram' }

/** A server that keeps what it has read, one that starts anew with each question, and one that knows no blocks. */
let site: TestApp
let fresh: TestApp
let plain: TestApp
let db: Database

/** Links 21 and 22 with 150 visits each, in turns: two blocks each, and four of the account. */
beforeEach(async () => {
  site = await testApp({ digests: { size } })
  fresh = await testApp({ databaseUrl: site.url, digests: { size, keptBytes: 1 } })
  plain = await testApp({ databaseUrl: site.url, digests: { keptBytes: 1 } })
  db = site.db
  await storeLinks(db, 26, 21, 22)
  await db.prisma.owner.updateMany({ data: { lastLinkId: 22 } })
  await storeRecipients(db, 26, 21, ['4477009001', '4477009002'])
  const visits = Array.from({ length: 300 }, (_, at) =>
    newVisit(at % 2 === 0 ? 21 : 22, {
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, at)),
      isBot: at % 5 === 0,
      userAgent: at % 3 === 0 ? safari : chromeOnMac,
      place: at % 7 === 0 ? gurugram : localhost,
      clientIp: `10.0.0.${at % 40}`,
      recipientId: at % 8 === 0 ? 1 + ((at / 8) % 2) : null,
      options: at % 11 === 1 && at < 200 ? { suspect: 'network' } : null,
    }),
  )
  await appendVisits(db, 26, visits)
})

async function makeAll(): Promise<void> {
  for (const block of await findMissing(db, 26, size)) await makeBlock(db, block)
}

async function blocks(): Promise<[link: number, first: number][]> {
  const { rows } = await db.pool.query('SELECT link_id::int, first::int FROM visit_blocks ORDER BY 1, 2')
  return rows.map(({ link_id, first }) => [link_id, first])
}

const all: [number, number][] = [
  ...[1, 65, 129, 193].map((first): [number, number] => [0, first]),
  ...[21, 22].flatMap((link) => [1, 65].map((first): [number, number] => [link, first])),
]
const without = (...gone: [number, number][]) =>
  all.filter(([link, first]) => !gone.some(([l, f]) => l === link && f === first))

async function answer({ app, as }: TestApp, path: string): Promise<unknown> {
  const url = `/link/${path}?group_by=browser,city&interval=hour`
  const { statusCode, body } = await app.inject({ url, headers: as(26) })
  if (statusCode !== 200 && statusCode !== 404) throw new Error(body)
  return JSON.parse(body).data
}

/** All of them must say what the one says that reads the log only. */
async function expectRight(): Promise<void> {
  for (const path of ['urls/21/visits/stats', 'urls/22/visits/stats', 'visits/stats']) {
    const found = [await answer(site, path), await answer(fresh, path)]
    await db.pool.query('UPDATE visit_blocks SET user_id = -user_id')
    const right = await answer(plain, path)
    await db.pool.query('UPDATE visit_blocks SET user_id = -user_id')
    expect(found).toEqual([right, right])
  }
}

async function findings(repair = false): Promise<string[]> {
  const lines: string[] = []
  const report = ({ where, problem }: { where: string; problem: string }) => lines.push(`${where}: ${problem}`)
  await examineLog(db, { repair, report, signal: new AbortController().signal })
  return lines
}

describe('blocks', () => {
  it('are made of all positions that have been given', async () => {
    await makeAll()
    expect(await blocks()).toEqual(all)
    expect(await findMissing(db, 26, size)).toEqual([])
    expect(await findings()).toEqual([])
    await expectRight()
  })

  it('are made by whoever asks, too', async () => {
    for (const path of ['urls/21/visits/stats', 'urls/22/visits/stats', 'visits/stats']) await answer(site, path)
    expect(await blocks()).toEqual(all)
    expect(await findings()).toEqual([])
  })

  it('from before visits were suspected are right for as long as none is', async () => {
    await db.pool.query('UPDATE visits SET options = NULL')
    await makeAll()
    const { rows } = await db.pool.query(`SELECT count(*)::int FROM visit_blocks WHERE suspects = ''`)
    expect(rows).toEqual([{ count: all.length }])
    await expectRight()
  })

  it('of a server that does not know of suspects are not believed, and made again', async () => {
    await makeAll()
    await db.pool.query('UPDATE visit_blocks SET suspects = NULL, summary = $1', [{ length: 64, people: 64 }])
    await db.pool.query('UPDATE log_changes SET count = count + 1')
    await expectRight()
    expect(await findings()).toEqual([])
    await makeAll()
    const { rows } = await db.pool.query('SELECT count(*)::int FROM visit_blocks WHERE suspects IS NOT NULL')
    expect(rows).toEqual([{ count: all.length }])
    await expectRight()
    expect(await findings()).toEqual([])
  })

  it('that a refused question has made are not kept after the log has changed', async () => {
    const url = '/link/urls/21/visits/stats?interval=hour&from=1990-01-01'
    expect((await site.app.inject({ url, headers: site.as(26) })).statusCode).toBe(422)
    await db.pool.query(`UPDATE visits SET client_ip = NULL, place_id = NULL WHERE link_id = 21 AND seq = 2`)
    await expectRight()
    expect(await findings()).toEqual([])
  })

  it('are made in the background, once, by several servers', async () => {
    const log = { error: vi.fn() }
    const notifications = { subscribe: () => () => {} }
    const keepers = [1, 2, 3].map(() => openBlockKeeper({ db, notifications, log, size }))
    await expect.poll(blocks).toEqual(all)
    await Promise.all(keepers.map((keeper) => keeper.close()))
    expect(log.error).not.toHaveBeenCalled()
    expect(await findings()).toEqual([])
  })
})

describe('what changes in the log', () => {
  beforeEach(async () => {
    await makeAll()
    await expectRight()
  })

  it('takes the blocks that had it with it, and no others: a person that is blanked', async () => {
    await db.pool.query(`UPDATE visits SET client_ip = NULL, place_id = NULL WHERE link_id = 21 AND seq = 70`)
    // 21 has every other position of the account.
    expect(await blocks()).toEqual(without([21, 65], [0, 129]))
    await expectRight()
    await makeAll()
    expect(await blocks()).toEqual(all)
    expect(await findings()).toEqual([])
    await expectRight()
  })

  it('takes the blocks that had it with it: the oldest visits', async () => {
    await inTransaction(db, async (client) => {
      await client.query('UPDATE links SET first_seq = 41, first_human_seq = 33 WHERE id = 21')
      await client.query('DELETE FROM visits WHERE link_id = 21 AND seq <= 40')
    })
    expect(await blocks()).toEqual(without([21, 1], [0, 1], [0, 65]))
    await expectRight()
    await makeAll()
    expect(await blocks()).toEqual(all)
    await expectRight()
    await inTransaction(db, async (client) => {
      await client.query('UPDATE links SET first_seq = 101, first_human_seq = 81 WHERE id = 21')
      await client.query('DELETE FROM visits WHERE link_id = 21 AND seq <= 100')
    })
    await makeAll()
    expect(await blocks()).toEqual(without([21, 1]))
    await expectRight()
  })

  it('takes all blocks with it when user agents or places are read in another way', async () => {
    await db.pool.query(`UPDATE user_agents SET browser = 'Mobile Safari' WHERE browser = 'Safari'`)
    expect(await blocks()).toEqual([])
    await expectRight()
    await makeAll()
    await db.pool.query(`UPDATE places SET city = 'Gurgaon' WHERE city = 'Gurugram'`)
    expect(await blocks()).toEqual([])
    await expectRight()
    const { groups } = (await answer(site, 'urls/21/visits/stats')) as { groups: { browser: string; city: string }[] }
    expect(groups.map(({ browser, city }) => `${browser} ${city}`)).toContain('Mobile Safari Gurgaon')
  })

  it('takes the blocks of a link with it that is deleted, and its visits leave the account at once', async () => {
    await deleteLink(db, 26, 21)
    await expectRight()
    while (await removeStep(db, 20)) await expectRight()
    expect((await blocks()).filter(([link]) => link === 21)).toEqual([])
    await makeAll()
    expect(await blocks()).toEqual(without([21, 1], [21, 65]))
    expect(await findings()).toEqual([])
    await expectRight()
  })

  it('cannot be missed by who is making a block of what was there before', async () => {
    await db.pool.query('DELETE FROM visit_blocks')
    const [block] = await findMissing(db, 26, size)
    if (block === undefined) throw new Error('nothing to make')
    const changing = await db.pool.connect()
    await changing.query('BEGIN')
    await changing.query('UPDATE visits SET client_ip = NULL WHERE account_seq <= 10')
    // It has read the visits as they still are; that is not kept, because somebody is at them.
    expect(await makeBlock(db, block)).toBe(false)
    await changing.query('COMMIT')
    changing.release()
    expect(await blocks()).toEqual([])
    expect(await makeBlock(db, block)).toBe(true)
    expect(await findings()).toEqual([])
  })

  it('cannot be missed by who has made a block of what was there before', async () => {
    await db.pool.query('DELETE FROM visit_blocks')
    const source = { ownerId: 26, linkId: 21 }
    const client = await db.pool.connect()
    const version = await readVersion(client, source)
    const made = await blockOfLog(client, source, 1, size)
    await db.pool.query('UPDATE visits SET client_ip = NULL WHERE link_id = 21 AND seq = 3')
    expect(await saveBlocks(client, source, version, [made])).toBe(false)
    expect(await saveBlocks(client, source, await readVersion(client, source), [made])).toBe(true)
    client.release()
  })
})

describe('doctor', () => {
  beforeEach(makeAll)

  it('finds a block that is not what the visits say, and repairs it', async () => {
    await db.pool.query(
      `UPDATE visit_blocks SET summary = replace(summary::text, '"Safari"', '"Lynx"')::json WHERE link_id = 21 AND first = 65`,
    )
    await db.pool.query(`UPDATE visit_blocks SET humans = '\\x00' WHERE link_id = 0 AND first IN (1, 129)`)
    const lines = [
      'owner 26: 2 blocks of statistics are not what the visits say, the first at 1',
      'link 21 of owner 26: 1 blocks of statistics are not what the visits say, the first at 65',
    ]
    expect(await findings()).toEqual(lines)
    expect(await findings(true)).toEqual(lines)
    expect(await blocks()).toEqual(without([0, 1], [0, 129], [21, 65]))
    await expectRight()
    await makeAll()
    expect(await findings()).toEqual([])
  })

  it('names a trigger that was switched off', async () => {
    await db.pool.query('ALTER TABLE visits DISABLE TRIGGER visits_blocks_updated')
    await db.pool.query('ALTER TABLE places DISABLE TRIGGER places_blocks')
    expect(await findings()).toEqual([
      'trigger visits_blocks_updated: is missing or disabled: statistics would not tell of changes',
      'trigger places_blocks: is missing or disabled: statistics would not tell of changes',
    ])
  })
})

it('answers while a writer holds the owner, whatever that changes', async () => {
  await makeAll()
  const before = await answer(fresh, 'visits/stats')
  const client: PoolClient = await db.pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM owners WHERE id = 26 FOR NO KEY UPDATE')
  await client.query('UPDATE visits SET client_ip = NULL')
  expect(await answer(site, 'visits/stats')).toEqual(before)
  expect(await answer(fresh, 'visits/stats')).toEqual(before)
  await client.query('ROLLBACK')
  client.release()
  expect(await blocks()).toEqual(all)
})
