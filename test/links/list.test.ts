import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
const created = new Date('2022-10-11T09:58:42.123Z')

/** 20 links, of which the last but one is deleted; of another owner one, with a number that the first has too. */
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com' } })
  for (let id = 1; id <= 20; id++) {
    await storeLink(site.db, 26, id, {
      ...{ title: id % 2 ? `Odd ${id}` : `50%_even\\${id}`, createdAt: created, updatedAt: created },
      ...{ webhookId: id % 5 === 0 ? `w-${id}` : null, isAdvanced: id % 3 === 0, status: id % 4 === 0 ? 0 : 1 },
      ...{
        tags: [...(id <= 4 ? ['first'] : []), ...(id % 2 ? ['odd'] : [])],
        longUrl: `https://example.com/a,b/${id}`,
      },
      ...(id === 19 && { deletedAt: new Date() }),
    })
  }
  await storeLink(site.db, 27, 7, { title: 'Odd 7', tags: ['odd'] })
  await storeRecipients(site.db, 26, 12, ['9019955123'], ['Rec12'])
  await site.db.prisma.token.create({ data: { token: 'was-13', userId: 26, linkId: 13 } })
})
afterAll(() => site.close())

const get = (query: string, owner = 26, headers = {}) =>
  site.app.inject({ url: `/link/urls${query}`, headers: { ...site.as(owner), ...headers } })

const ids = async (query: string, owner = 26) => {
  const answer = (await get(query, owner)).json()
  return answer.data.map(({ id }: { id: number }) => id)
}

const link = (id: number) => ({
  id,
  title: id % 2 ? `Odd ${id}` : `50%_even\\${id}`,
  short_url: `https://s.example.com/link26x${id}`,
  long_url: `https://example.com/a,b/${id}`,
  webhook_id: id % 5 === 0 ? `w-${id}` : null,
  token: `link26x${id}`,
  visits: 0,
  last_visited: null,
  is_advanced: id % 3 === 0 ? 1 : 0,
  status: id % 4 === 0 ? 0 : 1,
  created_at: '2022-10-11T09:58:42.123000Z',
  updated_at: '2022-10-11T09:58:42.123000Z',
})

describe('the list of links', () => {
  it('is newest first, in pages as Laravel makes them', async () => {
    const base = 'https://api.example.com/api/v2/link/urls'
    const page = (n: number) => `${base}?per_page=8&page=${n}`
    const answer = await site.app.inject({ url: '/api/v2/link/urls/?per_page=8&page=2', headers: site.as(26) })
    expect(answer.body).toBe(
      JSON.stringify({
        status: 'OK',
        code: 200,
        message: 'OK',
        data: [11, 10, 9, 8, 7, 6, 5, 4].map(link),
        links: { first: page(1), last: page(3), prev: page(1), next: page(3) },
        meta: {
          current_page: 2,
          from: 9,
          last_page: 3,
          links: [
            { url: page(1), label: '« Previous', active: false },
            ...[1, 2, 3].map((n) => ({ url: page(n), label: String(n), active: n === 2 })),
            { url: page(3), label: 'Next »', active: false },
          ],
          path: base,
          per_page: 8,
          to: 16,
          total: 19,
        },
      }),
    )
  })

  it('has 15 on a page, and none past the end', async () => {
    expect(await ids('')).toEqual([20, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5])
    for (const page of ['3', '9223372036854775807']) {
      const { data, meta } = (await get(`?page=${page}`)).json()
      expect([data, meta.total, meta.last_page, meta.from]).toEqual([[], 19, 2, null])
    }
    const empty = (await get('', 28)).json()
    expect([empty.data, empty.meta.total, empty.meta.last_page]).toEqual([[], 0, 1])
  })

  it("has the owner's links only, also where numbers are equal", async () => {
    expect(await ids('', 27)).toEqual([7])
    expect(await ids('?filter[id]=7&user_id=26&filter[tag]=odd', 27)).toEqual([7])
    expect((await get('', 27)).json().data[0].token).toBe('link27x7')
  })

  it('adds what the hosted service does not know when it is asked for, after the documented keys', async () => {
    const [shown] = (await get('?filter[id]=3&include=settings')).json().data
    expect(JSON.stringify(shown)).toBe(
      JSON.stringify({
        ...link(3),
        ...{
          expires_at: null,
          max_visits: null,
          fallback_url: null,
          retention_days: null,
          redirect_status: 302,
          forward_query: 0,
          tags: ['first', 'odd'],
          rules: [],
        },
      }),
    )
    const alone = await site.app.inject({ url: '/link/urls/3?include=settings', headers: site.as(26) })
    expect(alone.json().data).toEqual(shown)
  })

  it('is not sent again to who has it, until something in it changes', async () => {
    await storeLink(site.db, 29, 1)
    const first = await get('', 29)
    const tag = String(first.headers.etag)
    expect(tag).toMatch(/^"[\w-]{27}"$/)
    const unchanged = await get('', 29, { 'if-none-match': `"x", ${tag}` })
    expect([unchanged.statusCode, unchanged.body]).toEqual([304, ''])
    await appendVisits(site.db, 29, [newVisit(1)])
    const second = await get('', 29, { 'if-none-match': tag })
    expect([second.statusCode, second.json().data[0].visits]).toEqual([200, 1])
    await storeLink(site.db, 29, 2)
    const third = await get('', 29, { 'if-none-match': String(second.headers.etag) })
    expect(third.json().meta.total).toBe(2)
  })

  it('needs the scope links:read', async () => {
    const answer = await site.app.inject({ url: '/link/urls', headers: site.as(26, 'visits:read links:write') })
    expect(answer.statusCode).toBe(403)
  })
})

describe('filters', () => {
  it.each([
    ['filter[id]=4', [4]],
    ['filter[id]=4,18, 2,19,999', [18, 4, 2]],
    ['filter[title]=Odd 1', [17, 15, 13, 11, 1]],
    ['filter[title]=odd 17', [17]],
    ['filter[title]=50%25_EVEN\\1', [18, 16, 14, 12, 10]],
    ['filter[title]=%25', [20, 18, 16, 14, 12, 10, 8, 6, 4, 2]],
    ['filter[title]=_', [20, 18, 16, 14, 12, 10, 8, 6, 4, 2]],
    ['filter[long_url]=https://example.com/a,b/5', [5]],
    ['filter[long_url]=https://example.com/a', []],
    ['filter[webhook_id]=w-5', [5]],
    ['filter[webhook_id]=w-5,w-10,none', [10, 5]],
    ['filter[is_advanced]=1', [18, 15, 12, 9, 6, 3]],
    ['filter[status]=0', [20, 16, 12, 8, 4]],
    ['filter[tag]=first', [4, 3, 2, 1]],
    ['filter[tag]=first,odd&per_page=5', [17, 15, 13, 11, 9]],
    ['filter[status]=1&filter[is_advanced]=1&filter[title]=odd', [15, 9, 3]],
    ['filter[status]=1&filter[is_advanced]=1&filter[title]=odd&filter[id]=3,15&filter[tag]=first', [3]],
    ['filter[title]=&filter[id]=4&filter[status]=&search=', [4]],
    ['search=odd 1', [17, 15, 13, 11, 1]],
    ['search=a,b/18', [18]],
    ['search=link26x9', [9]],
    ['search=link26x', []],
    ['search=was-13', [13]],
    ['search=Rec12', [12]],
    ['search=link27x7', []],
    ['search=link26x19', []],
    ['search=even&filter[is_advanced]=1', [18, 12, 6]],
  ])('%s', async (query, expected) => {
    const { data, meta } = (await get(`?${query.replaceAll('\\', '%5C').replaceAll(' ', '%20')}`)).json()
    expect(data.map(({ id }: { id: number }) => id)).toEqual(expected)
    if (!query.includes('per_page')) expect(meta.total).toBe(expected.length)
  })

  it('are carried in the addresses of pages', async () => {
    const { links } = (await get('?filter[title]=odd%201&filter[status]=1&search=o&per_page=2&page=1')).json()
    expect(links.next).toBe(
      'https://api.example.com/link/urls?filter%5Btitle%5D=odd%201&filter%5Bstatus%5D=1&search=o&per_page=2&page=2',
    )
  })

  const known = 'id, title, long_url, webhook_id, is_advanced, status, tag'
  it.each([
    ['filter[visits]=1', 'filter.visits', `There is no such filter. There are ${known}.`],
    ['filter[user_id]=27', 'filter.user_id', `There is no such filter. There are ${known}.`],
    ['filter[constructor]=1', 'filter.constructor', `There is no such filter. There are ${known}.`],
    ['filter=4', 'filter', `Filters are written filter[name]. There are ${known}.`],
    ['filter[id]=x', 'filter.id', 'The filter id takes the id of a link, or up to 100 of them with commas.'],
    ['filter[id]=1,', 'filter.id', 'The filter id takes the id of a link, or up to 100 of them with commas.'],
    ['filter[id][]=1', 'filter.id', 'The filter id takes the id of a link, or up to 100 of them with commas.'],
    [
      `filter[id]=${Array(101).fill('1').join()}`,
      'filter.id',
      'The filter id takes the id of a link, or up to 100 of them with commas.',
    ],
    ['filter[title][a]=1', 'filter.title', 'The filter title takes a text of up to 255 characters.'],
    ['filter[title]=a%00b', 'filter.title', 'The filter title takes a text of up to 255 characters.'],
    [`filter[title]=${'x'.repeat(256)}`, 'filter.title', 'The filter title takes a text of up to 255 characters.'],
    ['filter[long_url]=a%00b', 'filter.long_url', 'The filter long_url takes a text of up to 2048 characters.'],
    ['filter[status]=2', 'filter.status', 'The filter status must be 0 or 1.'],
    ['filter[is_advanced]=true', 'filter.is_advanced', 'The filter is_advanced must be 0 or 1.'],
    ['filter[tag]=,', 'filter.tag', 'The filter tag takes a tag, or up to 100 of them with commas.'],
    ['search=a%00b', 'search', 'The search field takes a text of up to 255 characters.'],
    ['search[]=a', 'search', 'The search field takes a text of up to 255 characters.'],
    ['include=visits', 'include', 'The include field must be settings.'],
    ['per_page=101', 'per_page', 'The per page field must be a number between 1 and 100.'],
  ])('that are wrong are named: %s', async (query, field, text) => {
    const answer = await get(`?${query}`)
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toEqual({ status: 'ERROR', code: 422, message: text, data: [], errors: { [field]: [text] } })
  })
})
