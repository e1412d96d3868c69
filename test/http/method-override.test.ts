import Fastify from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { acceptBodies } from '../../src/http/bodies.js'
import { handleErrors } from '../../src/http/errors.js'
import { acceptOverrides, replaceVerb } from '../../src/http/method-override.js'
import { validateWithZod, type ZodTypes } from '../../src/http/validate.js'
import { openApp, type TestApp } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'
import { storeLink } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com' } })
})
afterAll(() => site.close())

const target = 'https://www.example.com/'
let id = 100
beforeEach(async () => {
  id += 1
  await storeLink(site.db, 26, id)
})

interface Sent {
  query?: string
  header?: string
  body?: object
  url?: string
  scope?: string
  method?: 'POST' | 'GET' | 'PUT' | 'DELETE'
}

const send = ({ query = '', header, body, url = `/link/urls/${id}`, scope, method = 'POST' }: Sent) =>
  site.app.inject({
    method,
    url: url + query,
    headers: { ...site.as(26, scope), ...(header !== undefined && { 'x-http-method-override': header }) },
    ...(body !== undefined && { payload: body }),
  })

const link = () => site.db.prisma.link.findFirstOrThrow({ where: { id } })
const message = (answer: { json(): { message: string } }) => answer.json().message

const updated = 'Link Updated Successfully'
const deleted = 'Link Deleted Successfully'
const fields = { long_url: target }

describe('a POST becomes', () => {
  it.each<[string, string, Sent]>([
    ['an edit', updated, { body: fields }],
    ['an edit', updated, { body: fields, header: 'PUT' }],
    ['an edit', updated, { body: fields, header: 'patch' }],
    ['an edit', updated, { body: fields, query: '?_method=PUT' }],
    ['an edit', updated, { body: fields, query: '?a=b&_method=put&access_token=x' }],
    ['an edit', updated, { body: { ...fields, _method: 'PUT' } }],
    ['an edit', updated, { body: { ...fields, _method: 'patch' } }],
    ['an edit', updated, { body: { ...fields, _method: 'POST' } }],
    ['an edit', updated, { body: { ...fields, _method: '' } }],
    ['an edit', updated, { body: fields, query: '?_method=' }],
    ['an edit', updated, { body: fields, query: '?method=DELETE&_methods=DELETE&x=_method' }],
    ['an edit', updated, { body: { ...fields, method: 'DELETE', _METHOD: 'DELETE' } }],
    ['a deletion', deleted, { header: 'DELETE' }],
    ['a deletion', deleted, { query: '?_method=DELETE' }],
    ['a deletion', deleted, { query: '?%5Fmethod=DELETE&_method=delete' }],
    ['a deletion', deleted, { body: { _method: 'DELETE' } }],
    ['a deletion', deleted, { body: { ...fields, _method: 'delete' } }],
    ['what the header says before the query', updated, { body: fields, header: 'PUT', query: '?_method=DELETE' }],
    ['what the header says before the body', updated, { body: { ...fields, _method: 'DELETE' }, header: 'PUT' }],
    ['what the header says before the body', updated, { body: { ...fields, _method: 'DELETE' }, header: 'POST' }],
    ['what the query says before the body', updated, { body: { ...fields, _method: 'DELETE' }, query: '?_method=PUT' }],
  ])('%s: %s, %j', async (_, text, sent) => {
    const answer = await send(sent)
    expect([answer.statusCode, message(answer)]).toEqual([200, text])
    const { deletedAt, longUrl } = await link()
    expect(deletedAt !== null).toBe(text === deleted)
    expect(longUrl === target).toBe(text === updated)
  })

  it.each(Object.entries(bodyForms))('a deletion, by a field in %s', async (_, form) => {
    const { headers, payload } = form({ _method: 'DELETE' })
    const answer = await site.app.inject({
      ...{ method: 'POST', url: `/api/v2/api/v2//link/urls/${id}/`, payload },
      headers: { ...headers, ...site.as(26) },
    })
    expect(answer.body).toBe('{"status":"OK","code":200,"message":"Link Deleted Successfully","data":[]}')
  })
})

describe('the verb that is meant', () => {
  it('is not changed on anything but a POST', async () => {
    for (const sent of [{ header: 'DELETE' }, { query: '?_method=DELETE' }]) {
      expect(message(await send({ ...sent, method: 'GET' }))).toBe('OK')
      expect(message(await send({ ...sent, method: 'PUT', body: { ...fields, _method: 'DELETE' } }))).toBe(updated)
    }
    expect((await link()).deletedAt).toBeNull()
    expect(message(await send({ header: 'PUT', method: 'DELETE' }))).toBe(deleted)
  })

  it.each<Sent>([
    { header: 'GET' },
    { header: 'PURGE' },
    { header: 'DELETE, PUT' },
    { header: 'DELETE x' },
    { query: '?_method=GET' },
    { query: '?_method=HEAD' },
    { query: '?_method[]=DELETE' },
    { query: '?_method=CONNECT' },
    { body: { ...fields, _method: 'GET' } },
    { body: { ...fields, _method: ['DELETE'] } },
    { body: { ...fields, _method: 5 } },
    { body: { ...fields, _method: '__proto__' } },
  ])('is named when it cannot be that: %j', async (sent) => {
    const answer = await send({ body: fields, ...sent })
    expect(answer.json()).toEqual({
      ...{ status: 'ERROR', code: 400, message: 'The method override must be PUT, PATCH or DELETE.', data: [] },
    })
    expect(await link()).toMatchObject({ deletedAt: null, longUrl: `https://example.com/${id}` })
  })

  it.each<[string, string, Sent]>([
    ['/link/urls', 'GET, HEAD, POST', { header: 'DELETE' }],
    ['/link/urls', 'GET, HEAD, POST', { query: '?_method=PUT' }],
    ['/link/urls', 'GET, HEAD, POST', { body: { ...fields, _method: 'DELETE' } }],
    ['/link/urls/1/visits', 'GET, HEAD', { header: 'DELETE' }],
    [
      '/link/urls/1/recipients',
      'GET, HEAD, POST',
      { body: { _method: 'PUT', recipients: [{ mobile: '9019955123' }] } },
    ],
  ])('is 405 where the path does not have it: %s', async (url, allow, sent) => {
    const answer = await send({ ...sent, url })
    expect(answer.json()).toEqual({ status: 'ERROR', code: 405, message: 'Method Not Allowed', data: [] })
    expect(answer.headers.allow).toBe(allow)
  })

  it('is told where a path has others', async () => {
    const answer = await site.app.inject({ method: 'OPTIONS', url: `/link/urls/${id}` })
    expect(answer.headers.allow).toBe('DELETE, GET, HEAD, PATCH, POST, PUT')
  })

  it('does not make anybody else of the caller', async () => {
    for (const sent of [{ header: 'DELETE' }, { query: '?_method=DELETE' }, { body: { _method: 'DELETE' } }]) {
      const nobody = await site.app.inject({
        ...{ method: 'POST', url: `/link/urls/${id}${'query' in sent ? sent.query : ''}` },
        ...('header' in sent && { headers: { 'x-http-method-override': sent.header } }),
        ...('body' in sent && { payload: sent.body }),
      })
      expect([nobody.statusCode, message(nobody)]).toEqual([401, 'Unauthenticated.'])
      const reader = await send({ ...sent, scope: 'links:read' })
      expect([reader.statusCode, message(reader)]).toEqual([403, 'User does not have the right permissions.'])
      const foreign = await site.app.inject({
        ...{ method: 'POST', url: `/link/urls/${id}`, headers: site.as(27), payload: { _method: 'DELETE' } },
      })
      expect([foreign.statusCode, message(foreign)]).toEqual([404, 'No results found'])
    }
    expect((await link()).deletedAt).toBeNull()
  })
})

describe('a route that a body has chosen', () => {
  /** Every verb of `/things/:id` needs another scope and other fields; `/others/:id` has no POST of its own. */
  async function things(scopes: string) {
    const app = Fastify({
      rewriteUrl: (request) => {
        replaceVerb(request)
        return request.url ?? '/'
      },
    }).withTypeProvider<ZodTypes>()
    handleErrors(app)
    validateWithZod(app)
    app.decorateRequest('caller')
    const token = {
      id: null,
      sender: 'x',
      name: null,
      allowedIps: [],
      rateLimit: null,
      expiresAt: null,
      createdAt: null,
    }
    app.addHook('onRequest', async (request) => {
      request.caller = { ownerId: 1, scopes: new Set(scopes.split(' ')), token }
    })
    await acceptBodies(app)
    const done = acceptOverrides(app)
    const params = z.object({ id: z.string().regex(/^\d+$/).transform(Number) })
    const color = z.object({ color: z.string('The color field is required.').transform((text) => text.toUpperCase()) })
    const size = z.object({ size: z.enum(['s', 'l'], { error: 'The size field must be s or l.' }).default('s') })
    app.post('/things/:id', { config: { scope: 'links:read' } }, async () => 'posted')
    app.put(
      '/things/:id',
      { schema: { params, body: color, querystring: size }, config: { scope: 'links:write' } },
      async ({ params, body, query }) => ({ params, body, query }),
    )
    app.delete('/things/:id', { schema: { params }, config: { scope: 'admin' } }, async ({ params, body }) => {
      return { params, hasBody: body !== undefined }
    })
    app.patch('/others/:id', { schema: { body: color } }, async ({ body }) => body)
    done()
    return (url: string, payload: object) => app.inject({ method: 'POST', url, payload })
  }

  it('is checked with the scope of its own verb', async () => {
    const reader = await things('links:read')
    expect((await reader('/things/1', {})).body).toBe('posted')
    expect((await reader('/things/1', { _method: 'PUT', color: 'red' })).statusCode).toBe(403)
    const writer = await things('links:write')
    expect((await writer('/things/1', { _method: 'PUT', color: 'red' })).statusCode).toBe(200)
    expect((await writer('/things/1', { _method: 'DELETE' })).statusCode).toBe(403)
  })

  it('is checked with the path, the parameters and the body of its own verb', async () => {
    const post = await things('admin')
    const put = await post('/things/7', { _method: 'PUT', color: 'red', other: 1 })
    expect(put.json()).toEqual({ params: { id: 7 }, body: { color: 'RED' }, query: { size: 's' } })
    expect((await post('/things/7', { _method: 'PUT' })).json()).toMatchObject({
      ...{ code: 422, errors: { color: ['The color field is required.'] } },
    })
    expect((await post('/things/7?size=m', { _method: 'PUT', color: 'red' })).json()).toMatchObject({
      ...{ code: 422, errors: { size: ['The size field must be s or l.'] } },
    })
    expect((await post('/things/x', { _method: 'PUT', color: 'red' })).json().code).toBe(404)
    expect((await post('/things/7', { _method: 'DELETE', color: 'red' })).json()).toEqual({
      ...{ params: { id: 7 }, hasBody: false },
    })
  })

  it('is found where the path takes no POST itself; a POST alone is refused there', async () => {
    const post = await things('admin')
    expect((await post('/others/7', { _method: 'PATCH', color: 'red' })).json()).toEqual({ color: 'RED' })
    const alone = await post('/others/7', { color: 'red' })
    expect([alone.statusCode, alone.headers.allow]).toEqual([405, 'PATCH'])
    const other = await post('/others/7', { _method: 'DELETE' })
    expect([other.statusCode, other.headers.allow]).toEqual([405, 'PATCH'])
  })
})
