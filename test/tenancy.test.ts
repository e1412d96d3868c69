import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { appendVisits } from '../src/visits/append.js'
import { bearer, openApp, type TestApp } from './support/app.js'
import { newVisit, storeLinks, storeRecipients } from './support/visits.js'

/** Owners 1 and 2 both have link 7; 8 is only the first one's, 9 only the second one's. */
let site: TestApp
const links: Record<number, number[]> = { 1: [7, 8], 2: [7, 9] }

beforeAll(async () => {
  site = await openApp()
  for (const owner of [1, 2]) {
    await storeLinks(site.db, owner, ...(links[owner] ?? []))
    for (const link of links[owner] ?? []) {
      await storeRecipients(site.db, owner, link, [`90000000${owner}${link}`], [`T${owner}x${link}`])
      const visit = (n: number) =>
        newVisit(link, { recipientId: 1, host: `of-${owner}.example`, queryString: `n=${n}` })
      await appendVisits(site.db, owner, [visit(1), visit(2), visit(3)])
    }
  }
})
afterAll(() => site.close())

const read = (owner: number, url: string, scope = 'visits:read visits:pii') =>
  site.app.inject({ url, headers: site.as(owner, scope) })

interface Row {
  user_id: string
  link_id: string
  host: string
  token: string
  mobile: string
}

function expectRowsOf(owner: number, rows: Row[], link?: number): void {
  for (const row of rows) {
    const id = link ?? Number(row.link_id)
    expect(row).toMatchObject({
      user_id: String(owner),
      link_id: String(id),
      host: `of-${owner}.example`,
      token: `T${owner}x${id}`,
      mobile: `90000000${owner}${id}`,
    })
  }
}

describe.each([1, 2])('owner %i', (owner) => {
  const other = 3 - owner

  it('reads the visits of its own links, also of one whose number another owner has too', async () => {
    for (const link of links[owner] ?? []) {
      for (const url of [`/link/urls/${link}/visits`, `/link/urls/${link}/visits/feed`]) {
        const { data } = (await read(owner, url)).json()
        expect(data).toHaveLength(3)
        expectRowsOf(owner, data, link)
      }
    }
  })

  it('reads its own visits in the feed of its account, and no other', async () => {
    const { data } = (await read(owner, '/link/visits/feed?limit=1000')).json()
    expect(data).toHaveLength(6)
    expectRowsOf(owner, data)
  })

  it("gets the same answer for another's link as for a missing one, by the same statements", async () => {
    const foreign = (links[other] ?? []).find((link) => !links[owner]?.includes(link))
    for (const path of [
      'visits',
      'visits/feed',
      'visits/stream',
      'visits?page=2&filter[browser]=Chrome',
      'visits?as_of=1',
    ]) {
      // What the server does by itself meanwhile is no part of the answer.
      const asking = new AsyncLocalStorage<string[]>()
      const { query } = pg.Client.prototype
      const statements = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
        this: pg.Client,
        ...given
      ) {
        asking.getStore()?.push((given as unknown as [{ text: string }])[0].text)
        return Reflect.apply(query, this, given)
      })
      onTestFinished(() => statements.mockRestore())
      const traced = async (link: number | undefined) => {
        const texts: string[] = []
        const answer = await asking.run(texts, async () => await read(owner, `/link/urls/${link}/${path}`))
        const { 'x-request-id': id, ...headers } = answer.headers
        expect(id).toBeDefined()
        return { status: answer.statusCode, headers: { ...headers, date: '' }, body: answer.body, texts }
      }
      const missing = await traced(999)
      expect(await traced(foreign)).toEqual(missing)
      expect(missing.body).toBe('{"status":"ERROR","code":404,"message":"No results found","data":[]}')
      expect(missing.texts).toHaveLength(1)
      statements.mockRestore()
    }
  })

  it('cannot become another by any parameter', async () => {
    const names = ['user_id', 'owner', 'owner_id', 'sub', 'filter[user_id]', 'filter[owner]', 'user', 'as', 'tenant']
    for (const name of names) {
      const answer = await read(owner, `/link/urls/7/visits?${name}=${other}`)
      if (answer.statusCode === 200) expectRowsOf(owner, answer.json().data, 7)
      else expect(answer.statusCode).toBe(422)
    }
  })

  it("cannot go on with another's cursor", async () => {
    for (const path of ['/link/urls/7/visits/feed', '/link/visits/feed']) {
      const { meta } = (await read(other, `${path}?limit=1`)).json()
      const answer = await read(owner, `${path}?cursor=${meta.next_cursor}`)
      expect(answer.json()).toMatchObject({
        code: 422,
        errors: { cursor: ['The cursor field must be a cursor of this feed.'] },
      })
    }
  })

  it("is not told that another's answer is unchanged", async () => {
    const { headers } = await read(other, '/link/urls/7/visits')
    const answer = await site.app.inject({
      url: '/link/urls/7/visits',
      headers: { ...site.as(owner, 'visits:read visits:pii'), 'if-none-match': String(headers.etag) },
    })
    expect(answer.statusCode).toBe(200)
    expectRowsOf(owner, answer.json().data, 7)
  })

  it('sees nothing else, whatever it asks', async () => {
    const parameter = fc.constantFrom(
      'page',
      'per_page',
      'as_of',
      'filter[token]',
      'filter[mobile]',
      'filter[link_id]',
      'search',
    )
    const value = fc.constantFrom(
      '1',
      '2',
      '3',
      '9',
      '100',
      `T${other}x7`,
      `90000000${other}7`,
      "' OR '1'='1",
      '%',
      '*',
    )
    const query = fc.array(fc.tuple(parameter, value.map(encodeURIComponent)).map((pair) => pair.join('=')))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(7, 8, 9, 0, -1, 1e9), query, async (link, parameters) => {
        const answer = await read(owner, `/link/urls/${link}/visits?${parameters.join('&')}`)
        expect([200, 404, 422]).toContain(answer.statusCode)
        if (answer.statusCode === 200) expectRowsOf(owner, answer.json().data, link)
        if (!links[owner]?.includes(link)) expect(answer.statusCode).not.toBe(200)
      }),
      { numRuns: 200 },
    )
  })
})

it('an owner that nobody created reads an empty account and no link', async () => {
  expect((await read(3, '/link/visits/feed')).json().data).toEqual([])
  expect((await read(3, '/link/urls/7/visits')).statusCode).toBe(404)
})

it('the token in the header decides, not the one in the query', async () => {
  const token = bearer({ sub: '2', scope: 'visits:read visits:pii' }).authorization.slice('Bearer '.length)
  const answer = await read(1, `/link/urls/7/visits?access_token=${token}`)
  expectRowsOf(1, answer.json().data, 7)
})

it('a deleted link is a missing one, also to its owner', async () => {
  await storeLinks(site.db, 1, 10)
  await site.db.prisma.link.update({
    where: { userId_id: { userId: 1, id: 10 } },
    data: { deletedAt: new Date() },
  })
  const missing = await read(1, '/link/urls/999/visits')
  expect((await read(1, '/link/urls/10/visits')).body).toBe(missing.body)
})
