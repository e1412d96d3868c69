import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSmartLink, type SmartLink, type Visit } from '../../src/client/index.js'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { chromeOnMac, newVisit, storeLinks } from '../support/visits.js'

let site: TestApp
let baseUrl: string
beforeAll(async () => {
  site = await openApp({ env: { PUBLIC_URL: '' } })
  baseUrl = await site.app.listen({ host: '127.0.0.1', port: 0 })
  await storeLinks(site.db, 26, 20, 21)
  const visits = Array.from({ length: 40 }, (_, i) => newVisit(i % 4 === 0 ? 21 : 20, { queryString: `n=${i}` }))
  await appendVisits(site.db, 26, visits)
})
afterAll(() => site.close())

const clientOf = (ownerId: number, scope?: string): SmartLink => {
  return createSmartLink({ baseUrl, token: site.as(ownerId, scope).authorization.slice('Bearer '.length) })
}

describe('the client', () => {
  it('lists visits, page by page and filtered', async () => {
    const client = clientOf(26)
    const path = { id: 20 }
    const first = await client.GET('/link/urls/{id}/visits', { params: { path } })
    expect(first.data?.meta).toMatchObject({ total: 30, per_page: 15, last_page: 2 })
    const query = {
      page: 2,
      per_page: 20,
      filter: { browser: 'Chrome', client_ip: '127.0.0.1' },
      bots: 'exclude' as const,
    }
    const second = await client.GET('/link/urls/{id}/visits', { params: { path, query } })
    const found: Visit[] = second.data?.data ?? []
    expect([second.data?.meta.total, found.length, found[0]?.browser]).toEqual([30, 10, 'Chrome'])
    const none = await client.GET('/link/urls/{id}/visits', {
      params: { path, query: { filter: { browser: '-Chrome' } } },
    })
    expect(none.data?.data).toEqual([])
  })

  it('has what a list that is not there, not allowed or not asked for rightly answers, typed too', async () => {
    const path = { id: 20 }
    const foreign = await clientOf(27).GET('/link/urls/{id}/visits', { params: { path } })
    expect(foreign.error).toEqual({ status: 'ERROR', code: 404, message: 'No results found', data: [] })
    const forbidden = await clientOf(26, 'links:read').GET('/link/urls/{id}/visits', { params: { path } })
    expect(forbidden.error?.code).toBe(403)
    const wrong = await clientOf(26).GET('/link/urls/{id}/visits', { params: { path, query: { per_page: 0 } } })
    expect(wrong.error?.code === 422 && wrong.error.errors.per_page).toEqual([
      'The per page field must be a number between 1 and 100.',
    ])
    const { response } = await createSmartLink({ baseUrl, token: 'none' }).GET('/link/urls')
    expect(response.status).toBe(401)
  })

  it('walks a feed to its end, and sees every visit once', async () => {
    const client = clientOf(26)
    const seen: string[] = []
    for (let cursor: string | undefined; ; ) {
      const query = { limit: 7, ...(cursor !== undefined && { cursor }) }
      const { data } = await client.GET('/link/visits/feed', { params: { query } })
      if (data === undefined || data.data.length === 0) break
      seen.push(...data.data.map(({ query_string: queryString }) => queryString))
      cursor = data.meta.next_cursor
    }
    expect(seen.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `n=${i}`).sort())
  })

  it('downloads an export whose lines are visits of the list', async () => {
    const params = { path: { id: 20 } }
    const client = clientOf(26)
    const file = await client.GET('/link/urls/{id}/visits/export', { params, parseAs: 'text' })
    const list = await client.GET('/link/urls/{id}/visits', { params: { ...params, query: { per_page: 100 } } })
    const rows = (file.data ?? '').trim().split('\n')
    expect(rows.map((row): Visit => JSON.parse(row)).reverse()).toEqual(list.data?.data)
  })

  it('knows what is unchanged', async () => {
    const client = clientOf(26)
    const path = { id: 20 }
    const { response } = await client.GET('/link/urls/{id}/visits', { params: { path } })
    const header = { 'If-None-Match': response.headers.get('etag') ?? '' }
    const again = await client.GET('/link/urls/{id}/visits', { params: { path, header } })
    expect([again.response.status, again.data]).toEqual([304, undefined])
  })

  it('creates, shows, lists, edits and deletes a link', async () => {
    const client = clientOf(26)
    const created = await client.POST('/link/urls', {
      body: { long_url: 'https://example.com/a?b={link_id}', title: 'A' },
    })
    const link = created.data?.data
    expect(link).toMatchObject({
      title: 'A',
      long_url: 'https://example.com/a?b={link_id}',
      visits: [],
      is_advanced: '0',
    })
    const path = { id: link?.id ?? 0 }
    const edited = await client.PUT('/link/urls/{id}', {
      params: { path },
      body: { long_url: 'https://example.com/b' },
    })
    expect(edited.data?.data).toMatchObject({ id: path.id, title: 'A', long_url: 'https://example.com/b' })
    const shown = await client.GET('/link/urls/{id}', { params: { path } })
    expect(shown.data?.data).toMatchObject({ id: path.id, visits: 0, is_advanced: 0 })
    const listed = await client.GET('/link/urls', { params: { query: { filter: { title: 'A' } } } })
    expect(listed.data?.data).toEqual([shown.data?.data])
    const deleted = await client.DELETE('/link/urls/{id}', { params: { path } })
    expect(deleted.data?.data).toEqual([])
    expect((await client.GET('/link/urls/{id}', { params: { path } })).error?.code).toBe(404)
  })

  it('creates a token, works with it, and is refused when it is revoked', async () => {
    const client = clientOf(26)
    const created = await client.POST('/developer/tokens', { body: { name: 'Reader', scopes: ['visits:read'] } })
    const token = created.data?.data
    const reader = createSmartLink({ baseUrl, token: token?.access_token ?? '' })
    const me = await reader.GET('/auth/me')
    expect([me.data?.data.id, me.data?.data.token.name, me.data?.data.token.scopes]).toEqual([
      ...[26, 'Reader'],
      ['visits:read'],
    ])
    expect((await reader.POST('/link/urls', { body: { long_url: 'https://example.com' } })).error?.code).toBe(403)
    const listed = await client.GET('/developer/tokens')
    expect(listed.data?.data.map(({ id, name }) => [id, name])).toEqual([[token?.id, 'Reader']])
    const path = { id: token?.id ?? '' }
    const revoked = await client.DELETE('/developer/tokens/{id}', { params: { path } })
    expect(revoked.data?.data).toEqual([])
    expect((await reader.GET('/auth/me')).error).toMatchObject({ code: 401, message: 'Unauthenticated.' })
  })

  it('creates, lists, edits and deletes a webhook, and sees its deliveries', async () => {
    const client = clientOf(26)
    const body = { name: 'Orders', uri: 'https://203.0.114.7/hooks/{link_id}', secret: 's3cret' }
    const created = await client.POST('/developer/webhooks', { body })
    const webhook = created.data?.data
    expect(webhook).toMatchObject({ name: 'Orders', uri: body.uri, secret: '*****', status: 1 })
    const path = { id: webhook?.id ?? '' }
    const code = await client.GET('/developer/webhooks/{id}/verification-code', { params: { path } })
    expect(code.data?.data.verification_code).toMatch(/^whsec_/)
    const query = { filter: { state: 'pending' as const } }
    const deliveries = await client.GET('/developer/webhooks/{id}/deliveries', { params: { path, query } })
    expect([deliveries.data?.data, deliveries.data?.meta.next_cursor]).toEqual([[], null])
    const edited = await client.PUT('/developer/webhooks/{id}', { params: { path }, body: { ...body, name: 'Sales' } })
    const listed = await client.GET('/developer/webhooks', { params: { query: { filter: { name: 'Sales' } } } })
    expect(listed.data?.data).toEqual([edited.data?.data])
    const deleted = await client.DELETE('/developer/webhooks/{id}', { params: { path } })
    expect(deleted.data?.message).toBe('Webhook Deleted Successfully')
  })

  it('gives recipients short URLs, which open', async () => {
    const client = clientOf(26, 'links:write links:read visits:read visits:pii')
    const path = { id: 21 }
    const body = { recipients: [{ mobile: '447700900123', message_id: 'm-1' }] }
    const created = await client.POST('/link/urls/{id}/recipients', { params: { path }, body })
    const [recipient] = created.data?.data ?? []
    const { response } = await client.GET('/{token}', {
      params: { path: { token: recipient?.token ?? '' } },
      redirect: 'manual',
      headers: { 'User-Agent': chromeOnMac.userAgent },
    })
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://example.com/21'])
    const query = { filter: { visited: '1' as const } }
    const visited = await client.GET('/link/urls/{id}/recipients', { params: { path, query } })
    expect(visited.data?.data).toMatchObject([
      { mobile: '447700900123', message_id: 'm-1', visits: 1, human_visits: 1 },
    ])
  })
})
