import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { importFromApi } from '../../src/imports/api/import.js'
import { openSource, sourceAddress } from '../../src/imports/api/source.js'
import { deleteLink } from '../../src/links/delete.js'
import { appendVisits } from '../../src/visits/append.js'
import { type TestApp, testApp } from '../support/app.js'
import { accountOf, addVisits, fillAccount } from '../support/copies.js'
import { type OtherServer, otherServer } from '../support/other-server.js'
import { newVisit, storeLink, storeLinks, storeRecipients } from '../support/visits.js'

const sourceApp = () => testApp({ env: { RATE_LIMIT: '0' } })

const config = { targetSchemes: ['http', 'https'], outputZone: 'UTC' }
/** Without waiting: what it would have waited is counted. */
async function copy(
  db: Database,
  site: TestApp,
  other: OtherServer,
  { ownerId, scope = 'visits:read visits:pii links:read' }: { ownerId?: number; scope?: string } = {},
) {
  const said: string[] = []
  const signal = new AbortController().signal
  const token = site.as(26, scope).authorization.replace('Bearer ', '')
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
  const summary = await importFromApi(db, { source, ownerId, zone: 'UTC', config, signal }, { say, copying: () => {} })
  return { ...summary, said, waited: time.ms }
}

describe.each([
  ['another Smart Link server', false],
  ['a server that knows no more than the hosted one', true],
])('a copy of %s', (_, isHosted) => {
  const setUp = async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    await fillAccount(site)
    const other = await otherServer(site, { isHosted })
    return { site, target, other }
  }
  /** Settings and people who opened nothing are not to be had from a hosted service. */
  const seen = async (site: TestApp) => {
    const account = await accountOf(site, { withRecipients: !isHosted })
    if (!isHosted) return account
    const unknown = { expires_at: null, max_visits: null, redirect_status: 302, forward_query: 0, tags: [], rules: [] }
    return { ...account, links: (account.links as object[]).map((link) => ({ ...link, ...unknown })) }
  }

  it('shows clients what the original does, and does nothing when it is made again', async () => {
    const { site, target, other } = await setUp()
    expect(await copy(target.db, site, other)).toMatchObject({
      ...{ ownerId: 26, links: 4, newLinks: 4, stored: 116, skipped: 0, refused: 0, said: [] },
    })
    expect(await seen(target)).toEqual(await seen(site))
    expect(await copy(target.db, site, other)).toMatchObject({ links: 4, newLinks: 0, stored: 0, refused: 0, said: [] })
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('is complete after visits and links came during it, without any of them twice', async () => {
    const { site, target, other } = await setUp()
    other.before = async (nth) => {
      if (nth > 40) return
      await addVisits(site.db, 20, 9)
      if (nth === 4) await storeLink(site.db, 26, 26003)
      if (nth > 4) await addVisits(site.db, 26003, 1)
    }
    const first = await copy(target.db, site, other)
    other.before = () => {}
    const second = await copy(target.db, site, other)
    const { lastAccountSeq } = await site.db.prisma.owner.findUniqueOrThrow({ where: { id: 26 } })
    expect(first.stored + second.stored).toBe(Number(lastAccountSeq))
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('goes on where it ended when the other server had gone', async () => {
    const { site, target, other } = await setUp()
    await addVisits(site.db, 20, 4100)
    for (const last of [3, 7, 150, 200]) {
      other.requests.length = 0
      other.before = (nth, response) => {
        if (nth < last) return false
        response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
        return true
      }
      await copy(target.db, site, other).catch((error: Error) => expect(error.message).toMatch(/ answers 404$/))
    }
    other.before = () => {}
    await copy(target.db, site, other)
    expect(await seen(target)).toEqual(await seen(site))
  })

  it('hides what the token may not see', async () => {
    const { site, target, other } = await setUp()
    await copy(target.db, site, other, { scope: 'visits:read links:read' })
    const numbers = async () => {
      const recipients = await target.db.prisma.recipient.findMany({ orderBy: { token: 'asc' } })
      return recipients.map(({ mobile }) => mobile)
    }
    expect(await numbers()).toEqual(['9019955***', '447700900***', ...(isHosted ? [] : ['447700900***'])])
  })

  it('can belong to somebody else', async () => {
    const { site, target, other } = await setUp()
    expect(await copy(target.db, site, other, { ownerId: 7 })).toMatchObject({ ownerId: 7, stored: 116 })
    expect(await target.db.prisma.visit.count({ where: { userId: 7 } })).toBe(116)
    expect(await target.db.prisma.owner.count()).toBe(1)
  })
})

describe('a link that is copied', () => {
  it('gets another number and code where its own are taken, which is told, once, and holds in every run', async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    await storeLinks(site.db, 26, 20)
    await addVisits(site.db, 20, 3)
    await storeLink(target.db, 26, 20, { token: null, longUrl: 'https://example.com/here' })
    await target.db.prisma.owner.update({ where: { id: 26 }, data: { lastLinkId: 26000 } })
    await storeLinks(target.db, 5, 1)
    await target.db.prisma.token.create({ data: { token: 'taken', userId: 5, linkId: 1 } })
    await site.db.prisma.token.create({ data: { token: 'taken', userId: 26, linkId: 20 } })
    await site.db.prisma.link.updateMany({ where: { id: 20 }, data: { token: 'taken' } })
    const other = await otherServer(site)
    const { said } = await copy(target.db, site, other)
    const link = await target.db.prisma.link.findFirstOrThrow({ where: { userId: 26, id: 26001 } })
    expect(said).toEqual([
      'link 20 is link 26001 here, because the number is taken',
      `link 26001 has the code ${link.token}, because taken is taken here`,
    ])
    expect(link).toMatchObject({ visits: 3n, longUrl: 'https://example.com/20' })
    await addVisits(site.db, 20, 2)
    expect(await copy(target.db, site, other)).toMatchObject({ newLinks: 0, stored: 2, said: [] })
    expect(await target.db.prisma.link.findFirst({ where: { id: 26001 } })).toMatchObject({ visits: 5n })
  })

  it('is the one that has its code and target already', async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    for (const { db } of [site, target]) await storeLinks(db, 26, 20)
    await addVisits(site.db, 20, 3)
    const { said, newLinks } = await copy(target.db, site, await otherServer(site), { ownerId: 26 })
    expect([said, newLinks, await target.db.prisma.link.count()]).toEqual([[], 0, 1])
    expect(await target.db.prisma.link.findFirst()).toMatchObject({ id: 20n, visits: 3n })
  })

  it('is another one than that with its code and another target', async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    await storeLink(site.db, 26, 20, { createdAt: new Date(0) })
    await storeLink(target.db, 26, 20, { longUrl: 'https://example.com/other' })
    const { said } = await copy(target.db, site, await otherServer(site), { ownerId: 26 })
    expect(said).toHaveLength(2)
    expect(await target.db.prisma.link.count()).toBe(2)
  })

  it.each(['its number', 'its code'])('takes the place of one that only came about by visits with %s', async (same) => {
    const [site, target] = [await sourceApp(), await testApp()]
    await storeLink(site.db, 26, 20, { title: 'Poster' })
    await addVisits(site.db, 20, 3)
    const empty = { longUrl: '', status: 0 }
    if (same === 'its code') await storeLink(target.db, 26, 20, empty)
    else {
      await target.db.prisma.owner.create({ data: { id: 26 } })
      await target.db.prisma.link.create({ data: { userId: 26, id: 20, token: 'madeup', ...empty } })
      await target.db.prisma.token.create({ data: { userId: 26, linkId: 20, token: 'madeup' } })
    }
    const { said } = await copy(target.db, site, await otherServer(site))
    expect(said).toEqual([])
    expect(await accountOf(target)).toEqual(await accountOf(site))
  })

  it('whose target is not allowed here is inactive, and told', async () => {
    const [site, target] = [
      await testApp({ env: { TARGET_SCHEMES: 'https,market', RATE_LIMIT: '0' } }),
      await testApp(),
    ]
    await storeLink(site.db, 26, 20, { longUrl: 'market://details?id=x', webhookId: '5' })
    const { said } = await copy(target.db, site, await otherServer(site), { ownerId: 26 })
    expect(said).toEqual([
      'link 20: it is inactive here. The long url field must be a valid URL that begins with http:// or https://.',
      'link 20: webhook 5 is not copied',
    ])
    expect(await target.db.prisma.link.findFirst()).toMatchObject({ longUrl: 'market://details?id=x', status: 0 })
  })

  it('and was deleted here stays so', async () => {
    const [site, target] = [await sourceApp(), await testApp()]
    await storeLinks(site.db, 26, 20)
    const other = await otherServer(site)
    await copy(target.db, site, other, { ownerId: 26 })
    await deleteLink(target.db, 26, 20)
    await addVisits(site.db, 20, 3)
    expect(await copy(target.db, site, other)).toMatchObject({
      ...{ stored: 0, refused: 0, said: ['link 20 was deleted here: nothing of it is copied'] },
    })
  })
})

it('a visit that cannot be stored is told by its id, and the others are copied', async () => {
  const [site, target] = [await sourceApp(), await testApp()]
  await storeLinks(site.db, 26, 20)
  await storeRecipients(site.db, 26, 20, ['1'], ['taken1'])
  const visits = [newVisit(20, { recipientId: 1 }), newVisit(20)]
  await appendVisits(site.db, 26, visits)
  await storeLinks(target.db, 5, 1)
  await target.db.prisma.token.create({ data: { token: 'taken1', userId: 5, linkId: 1 } })
  const { said, stored, refused } = await copy(target.db, site, await otherServer(site, { isHosted: true }))
  expect([stored, refused]).toEqual([1, 1])
  expect(said).toEqual([`visit ${visits[0]?.id}: token taken1 belongs to another link`])
})

it('rows may have more keys than are known', async () => {
  const [site, target] = [await sourceApp(), await testApp()]
  await storeLinks(site.db, 26, 20)
  await addVisits(site.db, 20, 2)
  const other = await otherServer(site, { isHosted: true })
  other.before = async (_, response, path) => {
    if (!path.endsWith('/visits')) return false
    const answer = (await site.app.inject({ url: path, headers: site.as(26) })).json()
    answer.data = answer.data.map((row: object) => ({ ...row, more: { than: 'known' } }))
    response.end(JSON.stringify(answer))
    return true
  }
  expect(await copy(target.db, site, other)).toMatchObject({ stored: 2, refused: 0 })
})
