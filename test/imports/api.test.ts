import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { importFromApi } from '../../src/imports/api/import.js'
import { openSource, sourceAddress } from '../../src/imports/api/source.js'
import { deleteLink } from '../../src/links/delete.js'
import { appendVisits } from '../../src/visits/append.js'
import { removeOldVisits } from '../../src/visits/retention.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { accountOf, addVisits, fillAccount } from '../support/copies.js'
import { type OtherServer, otherServer } from '../support/other-server.js'
import { newOwner } from '../support/owners.js'
import { newVisit, storeLink, storeLinks, storeRecipients } from '../support/visits.js'

/** Where is copied from and to, and whose account; that of a new owner in each test. */
let site: TestApp
let target: TestApp
let owner: number
beforeAll(async () => {
  site = await openApp()
  target = await openApp()
})
afterAll(() => Promise.all([site.close(), target.close()]))
beforeEach(() => {
  owner = newOwner()
})

const config = { targetSchemes: ['http', 'https'], outputZone: 'UTC' }
/** Without waiting: what it would have waited is counted. */
async function copy(
  other: OtherServer,
  { ownerId, scope = 'visits:read visits:pii links:read' }: { ownerId?: number; scope?: string } = {},
) {
  const said: string[] = []
  const signal = new AbortController().signal
  const token = site.as(owner, scope).authorization.replace('Bearer ', '')
  const say = (line: string) => said.push(line)
  const time = { ms: 0 }
  const quick = {
    now: () => time.ms,
    wait: async (milliseconds: number) => {
      time.ms += milliseconds
    },
  }
  const source = openSource({
    address: sourceAddress(other.endpoint),
    token,
    perMinute: 900,
    signal,
    say,
    clock: quick,
  })
  const summary = await importFromApi(
    target.db,
    { source, ownerId, zone: 'UTC', config, signal },
    { say, copying: () => {} },
  )
  return { ...summary, said, waited: time.ms }
}

describe.each([
  ['another Smart Link server', false],
  ['a server that knows no more than the hosted one', true],
])('a copy of %s', (_, isHosted) => {
  const fullServer = async () => {
    await fillAccount(site, owner)
    return otherServer(site, { isHosted })
  }
  /** Settings and people who opened nothing are not to be had from a hosted service. */
  const seen = async (site: TestApp) => {
    const account = await accountOf(site, { withRecipients: !isHosted, ownerId: owner })
    if (!isHosted) return account
    const limits = { expires_at: null, max_visits: null, fallback_url: null }
    const unknown = { ...limits, redirect_status: 302, forward_query: 0, tags: [], rules: [] }
    return { ...account, links: (account.links as object[]).map((link) => ({ ...link, ...unknown })) }
  }

  it('shows clients what the original does, and does nothing when it is made again', async () => {
    const other = await fullServer()
    expect(await copy(other)).toMatchObject({
      ...{ ownerId: owner, links: 4, newLinks: 4, stored: 116, skipped: 0, refused: 0, said: [] },
    })
    expect(await seen(target)).toEqual(await seen(site))
    expect(await copy(other)).toMatchObject({ links: 4, newLinks: 0, stored: 0, refused: 0, said: [] })
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('is complete after visits and links came during it, without any of them twice', async () => {
    const other = await fullServer()
    other.before = async (nth) => {
      if (nth > 40) return
      await addVisits(site.db, 20, 9, { ownerId: owner })
      if (nth === 4) await storeLink(site.db, owner, 26003)
      if (nth > 4) await addVisits(site.db, 26003, 1, { ownerId: owner })
    }
    const first = await copy(other)
    other.before = () => {}
    const second = await copy(other)
    const { lastAccountSeq } = await site.db.prisma.owner.findUniqueOrThrow({ where: { id: owner } })
    expect(first.stored + second.stored).toBe(Number(lastAccountSeq))
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('passes over visits that were too old to be kept here, when it begins anew', async () => {
    await storeLinks(site.db, owner, 20)
    await appendVisits(
      site.db,
      owner,
      [2019, 2020, 2021].map((year) => newVisit(20, { createdAt: new Date(Date.UTC(year, 1)), isBot: year === 2020 })),
    )
    const other = await otherServer(site, { isHosted })
    expect(await copy(other)).toMatchObject({ stored: 3 })
    const [link] = await target.db.prisma.link.findMany({ where: { userId: owner } })
    const key = { ownerId: owner, id: Number(link?.id) }
    while (await removeOldVisits(target.db, key, 30, 2));
    expect(await target.db.prisma.visit.count({ where: { userId: owner } })).toBe(0)
    // What it remembers of how far it came is gone.
    await target.db.pool.query('UPDATE imported_links SET (cursor, copied) = (NULL, 0) WHERE user_id = $1', [owner])
    await addVisits(site.db, 20, 2, { ownerId: owner })
    expect(await copy(other)).toMatchObject({ stored: 2, skipped: 3 })
    const after = await target.db.prisma.link.findFirst({ where: { userId: owner } })
    expect([after?.visits, after?.firstSeq]).toEqual([5n, 4n])
  })

  it('goes on where it ended when the other server had gone', async () => {
    const other = await fullServer()
    await addVisits(site.db, 20, 4100, { ownerId: owner })
    for (const last of [3, 7, 150, 200]) {
      other.requests.length = 0
      other.before = (nth, response) => {
        if (nth < last) return false
        response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
        return true
      }
      await copy(other).catch((error: Error) => expect(error.message).toMatch(/ answers 404$/))
    }
    other.before = () => {}
    await copy(other)
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('hides what the token may not see', async () => {
    const other = await fullServer()
    const { refused, said } = await copy(other, { scope: 'visits:read links:read' })
    const numbers = async () => {
      const recipients = await target.db.prisma.recipient.findMany({
        where: { userId: owner },
        orderBy: { token: 'asc' },
      })
      return recipients.map(({ mobile }) => mobile)
    }
    expect(await numbers()).toEqual(['9019955***', '447700900***'])
    // Who has not opened the link is known by its list only, which shows no tokens that lead to a number.
    const hidden = said.filter((line) => line.includes('its token is hidden from an access token without visits:pii'))
    expect([refused, hidden.length]).toEqual(isHosted ? [0, 0] : [3, 3])
    const whole = await copy(other)
    expect([whole.refused, (await numbers()).length]).toEqual([0, isHosted ? 2 : 3])
  })

  it('can belong to somebody else', async () => {
    const other = await fullServer()
    const somebody = newOwner()
    expect(await copy(other, { ownerId: somebody })).toMatchObject({ ownerId: somebody, stored: 116 })
    expect(await target.db.prisma.visit.count({ where: { userId: somebody } })).toBe(116)
    expect(await target.db.prisma.owner.count({ where: { id: owner } })).toBe(0)
  })
})

describe('a link that is copied', () => {
  it('gets another number and code where its own are taken, which is told, once, and holds in every run', async () => {
    await storeLinks(site.db, owner, 20)
    await addVisits(site.db, 20, 3, { ownerId: owner })
    await storeLink(target.db, owner, 20, { token: null, longUrl: 'https://example.com/here' })
    await target.db.prisma.owner.update({ where: { id: owner }, data: { lastLinkId: 26000 } })
    const somebody = newOwner()
    await storeLinks(target.db, somebody, 1)
    await target.db.prisma.token.create({ data: { token: 'taken', userId: somebody, linkId: 1 } })
    await site.db.prisma.token.create({ data: { token: 'taken', userId: owner, linkId: 20 } })
    await site.db.prisma.link.updateMany({ where: { userId: owner, id: 20 }, data: { token: 'taken' } })
    const other = await otherServer(site)
    const { said } = await copy(other)
    const link = await target.db.prisma.link.findFirstOrThrow({ where: { userId: owner, id: 26001 } })
    expect(said).toEqual([
      'link 20 is link 26001 here, because the number is taken',
      `link 26001 has the code ${link.token}, because taken is taken here`,
    ])
    expect(link).toMatchObject({ visits: 3n, longUrl: 'https://example.com/20' })
    await addVisits(site.db, 20, 2, { ownerId: owner })
    expect(await copy(other)).toMatchObject({ newLinks: 0, stored: 2, said: [] })
    expect(await target.db.prisma.link.findFirst({ where: { userId: owner, id: 26001 } })).toMatchObject({ visits: 5n })
  })

  it('is the one that has its code and target already', async () => {
    for (const { db } of [site, target]) await storeLinks(db, owner, 20)
    await addVisits(site.db, 20, 3, { ownerId: owner })
    const { said, newLinks } = await copy(await otherServer(site), { ownerId: owner })
    expect([said, newLinks, await target.db.prisma.link.count({ where: { userId: owner } })]).toEqual([[], 0, 1])
    expect(await target.db.prisma.link.findFirst({ where: { userId: owner } })).toMatchObject({ id: 20n, visits: 3n })
  })

  it('is another one than that with its code and another target', async () => {
    await storeLink(site.db, owner, 20, { createdAt: new Date(0) })
    await storeLink(target.db, owner, 20, { longUrl: 'https://example.com/other' })
    const { said } = await copy(await otherServer(site), { ownerId: owner })
    expect(said).toHaveLength(2)
    expect(await target.db.prisma.link.count({ where: { userId: owner } })).toBe(2)
  })

  it.each(['its number', 'its code'])('takes the place of one that only came about by visits with %s', async (same) => {
    await storeLink(site.db, owner, 20, { title: 'Poster' })
    await addVisits(site.db, 20, 3, { ownerId: owner })
    const empty = { longUrl: '', status: 0 }
    if (same === 'its code') await storeLink(target.db, owner, 20, empty)
    else {
      await target.db.prisma.owner.create({ data: { id: owner } })
      await target.db.prisma.link.create({ data: { userId: owner, id: 20, token: 'madeup', ...empty } })
      await target.db.prisma.token.create({ data: { userId: owner, linkId: 20, token: 'madeup' } })
    }
    const { said } = await copy(await otherServer(site))
    expect(said).toEqual([])
    expect(await accountOf(target, { ownerId: owner })).toEqual(await accountOf(site, { ownerId: owner }))
  })

  it('whose target is not allowed here is inactive, and told', async () => {
    const lenient = await testApp({ env: { TARGET_SCHEMES: 'https,market' }, databaseUrl: site.url })
    await storeLink(site.db, owner, 20, { longUrl: 'market://details?id=x', webhookId: '5' })
    const { said } = await copy(await otherServer(lenient), { ownerId: owner })
    expect(said).toEqual([
      'link 20: it is inactive here. The long url field must be a valid URL that begins with http:// or https://.',
      'link 20: webhook 5 is not copied',
    ])
    expect(await target.db.prisma.link.findFirst({ where: { userId: owner } })).toMatchObject({
      longUrl: 'market://details?id=x',
      status: 0,
    })
  })

  it('and was deleted here stays so', async () => {
    await storeLinks(site.db, owner, 20)
    const other = await otherServer(site)
    await copy(other, { ownerId: owner })
    await deleteLink(target.db, owner, 20)
    await addVisits(site.db, 20, 3, { ownerId: owner })
    expect(await copy(other)).toMatchObject({
      ...{ stored: 0, refused: 0, said: ['link 20 was deleted here: nothing of it is copied'] },
    })
  })
})

it('a visit that cannot be stored is told by its id, and the others are copied', async () => {
  await storeLinks(site.db, owner, 20)
  await storeRecipients(site.db, owner, 20, ['1'], ['taken1'])
  const visits = [newVisit(20, { recipientId: 1 }), newVisit(20)]
  await appendVisits(site.db, owner, visits)
  const somebody = newOwner()
  await storeLinks(target.db, somebody, 1)
  await target.db.prisma.token.create({ data: { token: 'taken1', userId: somebody, linkId: 1 } })
  const { said, stored, refused } = await copy(await otherServer(site, { isHosted: true }))
  expect([stored, refused]).toEqual([1, 1])
  expect(said).toEqual([`visit ${visits[0]?.id}: token taken1 belongs to another link`])
})

it('rows may have more keys than are known', async () => {
  await storeLinks(site.db, owner, 20)
  await addVisits(site.db, 20, 2, { ownerId: owner })
  const other = await otherServer(site, { isHosted: true })
  other.before = async (_, response, path) => {
    if (!path.endsWith('/visits')) return false
    const answer = (await site.app.inject({ url: path, headers: site.as(owner) })).json()
    answer.data = answer.data.map((row: object) => ({ ...row, more: { than: 'known' } }))
    response.end(JSON.stringify(answer))
    return true
  }
  expect(await copy(other)).toMatchObject({ stored: 2, refused: 0 })
})
