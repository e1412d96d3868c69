import { STATUS_CODES } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { invalid } from '../../src/http/errors.js'
import { openApp, type TestApp } from '../support/app.js'

let site: TestApp
const lines: string[] = []

beforeAll(async () => {
  site = await openApp({
    log: { level: 'info', stream: { write: (line) => lines.push(line) } },
    extend: (app) => {
      app.post('/echo', async (request) => ({ got: request.body }))
      app.post(
        '/form',
        { schema: { body: z.object({ title: z.string('The title field is required.') }) } },
        async () => 'ok',
      )
      app.get('/thrown/:what', async (request) => {
        throw thrown[(request.params as { what: string }).what]
      })
    },
  })
})
afterAll(() => site.close())

const thrown: Record<string, unknown> = {
  error: new Error('the password is hunter2'),
  nothing: undefined,
  null: null,
  text: 'the password is hunter2',
  object: { statusCode: 418, message: 'the password is hunter2' },
  status: Object.assign(new Error('the password is hunter2'), { statusCode: 404 }),
  serverStatus: Object.assign(new Error('the password is hunter2'), { statusCode: 502 }),
  away: Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' }),
  shutdown: Object.assign(new Error('terminating connection'), { code: '57P01' }),
  slow: Object.assign(new Error('canceling statement'), { code: '57014' }),
  locked: Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' }),
  deadlocked: Object.assign(new Error('deadlock detected'), { code: '40P01' }),
  frozen: Object.assign(new Error('terminating connection due to idle-in-transaction timeout'), { code: '25P03' }),
}

const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })
const json = 'application/json; charset=utf-8'

describe('an unknown route', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/nope/nope'],
    ['GET', '/link/urls/1/visits/more'],
    ['POST', '/nope'],
    ['OPTIONS', '/nope'],
    ['PROPFIND', '/nope'],
    ['GET', '/LINK/URLS/1/VISITS'],
    ['GET', '/link%2Furls/1/visits'],
    ['GET', '/../etc/passwd'],
    ['GET', '/<script>alert(1)</script>?x=<script>'],
  ])('is 404 in the envelope: %s %s', async (method, url) => {
    const answer = await site.app.inject({ method: method as 'GET', url })
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toBe(json)
    expect(answer.json()).toEqual(envelope(404, 'Not Found'))
  })

  it.each([
    ['malformed JSON', { 'content-type': 'application/json' }, '{'],
    ['a media type that no route reads', { 'content-type': 'application/xml' }, '<a/>'],
    ['a body that is too large', { 'content-type': 'application/json' }, `"${'x'.repeat(1024 * 1024)}"`],
  ])('is 404 whatever its body is: %s', async (_, headers, payload) => {
    const answer = await site.app.inject({ method: 'POST', url: '/nope', headers, payload })
    expect(answer.json()).toEqual(envelope(404, 'Not Found'))
  })
})

describe('a verb that a path does not have', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH', 'PURGE'])(
    'is 405 with the verbs there are: %s',
    async (method) => {
      for (const url of ['/link/urls/1/visits', '/health', '/ready', '/api/v2/link/urls/1/visits/']) {
        const answer = await site.app.inject({ method: method as 'POST', url })
        // Node 20 does not know QUERY.
        if (method === 'QUERY' && answer.statusCode === 404) continue
        expect(answer.statusCode).toBe(405)
        expect(answer.headers.allow).toBe('GET, HEAD')
        expect(answer.headers['content-type']).toBe(json)
        expect(answer.json()).toEqual(envelope(405, 'Method Not Allowed'))
      }
    },
  )

  it('is 405 whatever its body is', async () => {
    const answer = await site.app.inject({
      method: 'POST',
      url: '/link/urls/1/visits',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    })
    expect(answer.json()).toEqual(envelope(405, 'Method Not Allowed'))
  })
})

describe('a body', () => {
  const post = (payload: string, type = 'application/json') =>
    site.app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload })

  it.each(['{', '{"a":1,}', '[1', 'null null', '{"__proto__":{"admin":true}}', '\u0000'])(
    'that is not JSON is 400: %s',
    async (payload) => {
      const answer = await post(payload)
      expect(answer.statusCode).toBe(400)
      expect(answer.json()).toEqual(envelope(400, 'The body is not valid JSON.'))
    },
  )

  it('that is empty but called JSON is 400', async () => {
    expect((await post('')).json()).toEqual(envelope(400, 'The body is empty, but its content type says JSON.'))
  })

  it('above one megabyte is 413, up to it is read', async () => {
    const largest = `"${'x'.repeat(1024 * 1024 - 2)}"`
    expect((await post(largest)).statusCode).toBe(200)
    const answer = await post(`${largest} `)
    expect(answer.statusCode).toBe(413)
    expect(answer.json()).toEqual(envelope(413, 'The request body is too large.'))
  })

  it.each(['application/xml', 'image/png', 'nonsense', 'application/json/x'])(
    'of a media type that is not read is 415: %s',
    async (type) => {
      const answer = await post('<a/>', type)
      expect(answer.statusCode).toBe(415)
      expect(answer.json()).toEqual(envelope(415, 'The content type of the body is not supported.'))
    },
  )

  it('that lacks a field is 422 and names it', async () => {
    const answer = await site.app.inject({ method: 'POST', url: '/form', payload: {} })
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toEqual({
      ...envelope(422, 'The title field is required.'),
      errors: { title: ['The title field is required.'] },
    })
  })
})

it('counts further errors in the message of a 422 as Laravel does', () => {
  const message = (errors: Record<string, string[]>) => invalid(errors).message
  expect(message({ a: ['A.'] })).toBe('A.')
  expect(message({ a: ['A.'], b: ['B.'] })).toBe('A. (and 1 more error)')
  expect(message({ a: ['A.', 'B.'], b: ['C.'] })).toBe('A. (and 2 more errors)')
})

describe('what a route throws', () => {
  it.each(['error', 'nothing', 'null', 'text', 'object', 'serverStatus'])(
    'becomes an anonymous 500 whose request id the log has too: %s',
    async (what) => {
      const answer = await site.app.inject(`/thrown/${what}`)
      expect(answer.statusCode).toBe(500)
      expect(answer.headers['content-type']).toBe(json)
      expect(answer.body).toBe(JSON.stringify(envelope(500, 'Server Error')))
      const logged = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'request failed')
      lines.length = 0
      expect(logged).toMatchObject({ level: 50, reqId: answer.headers['x-request-id'] })
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  it('keeps the status of a refusal, but not its text', async () => {
    const answer = await site.app.inject('/thrown/status')
    expect(answer.json()).toEqual(envelope(404, STATUS_CODES[404] ?? ''))
  })

  it.each([
    ['away', 'The database is not available. Try again soon.', '5'],
    ['shutdown', 'The database is not available. Try again soon.', '5'],
    ['slow', 'The query took too long. Narrow it down.', '30'],
    ['locked', 'Another change of the account takes long. Try again soon.', '5'],
    ['deadlocked', 'Another change of the account takes long. Try again soon.', '5'],
    ['frozen', 'The database is not available. Try again soon.', '5'],
  ])('is 503 with Retry-After when the database is the reason: %s', async (what, message, seconds) => {
    const answer = await site.app.inject(`/thrown/${what}`)
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe(seconds)
    expect(answer.json()).toEqual(envelope(503, message))
  })
})

it.each(['/%zz', '/link/urls/%E0%A4%A/visits', '/link/urls/%/visits', '/%c0%ae%c0%ae/'])(
  'a path that is no URL is 400, without quoting it: %s',
  async (url) => {
    const answer = await site.app.inject(url)
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe(json)
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.json()).toEqual(envelope(400, 'The path of the request is not a valid URL.'))
  },
)

it.each(['0', '-1', '01', '1.5', '1e3', 'x', '9'.repeat(16), '9'.repeat(5000), '21%00', '%F0%9F%98%80', '1 OR 1=1'])(
  'an id that names no record is a missing record, once the caller is known: %s',
  async (id) => {
    const url = `/link/urls/${encodeURI(decodeURI(id))}/visits`
    expect((await site.app.inject(url)).json()).toEqual(envelope(401, 'Unauthenticated.'))
    const answer = await site.app.inject({ url, headers: site.as(1) })
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toEqual(envelope(404, 'No results found'))
  },
)

it.each([
  ['/health', 200],
  ['/nope', 404],
  ['/link/urls/1/visits', 401],
])('HEAD answers as GET does, without a body: %s', async (url, status) => {
  const head = await site.app.inject({ method: 'HEAD', url })
  const get = await site.app.inject(url)
  expect(head.statusCode).toBe(status)
  expect(head.body).toBe('')
  expect(head.headers['content-length']).toBe(get.headers['content-length'])
  expect(head.headers['content-type']).toBe(get.headers['content-type'])
})

it('answers JSON on the paths of the API whatever Accept says', async () => {
  const answer = await site.app.inject({ url: '/link/nope', headers: { accept: 'text/html', 'accept-version': '3' } })
  expect(answer.headers['content-type']).toBe(json)
  expect(answer.json()).toEqual(envelope(404, 'Not Found'))
})

it("takes no request id from the caller: another's would hide in the log", async () => {
  const answer = await site.app.inject({ url: '/health', headers: { 'x-request-id': 'mine', 'request-id': 'mine' } })
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})
