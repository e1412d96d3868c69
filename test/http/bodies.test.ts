import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptBodies } from '../../src/http/bodies.js'
import { openApp, type TestApp } from '../support/app.js'
import { bodyForms, multipart, part } from '../support/body-forms.js'
import { everything, rawConnection } from '../support/raw-http.js'
import { storeLink } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({
    extend: (app) => {
      app.register(async (scope) => {
        await acceptBodies(scope)
        for (const method of ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const) {
          scope.route({ method, url: '/fields', bodyLimit: 256 * 1024, handler: async ({ body }) => ({ body }) })
        }
      })
    },
  })
})
afterAll(() => site.close())

const form = 'application/x-www-form-urlencoded'
type Method = 'POST' | 'PUT' | 'PATCH' | 'GET' | 'DELETE'

async function fieldsOf(payload: string | Buffer, headers: Record<string, string> = {}, method: Method = 'POST') {
  const answer = await site.app.inject({ method, url: '/fields', payload, headers })
  return answer.statusCode === 200 ? answer.json().body : answer.json()
}

const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })

describe.each(['POST', 'PUT', 'PATCH'] as const)('a %s', (method) => {
  it.each(Object.entries(bodyForms))('has the same fields in %s', async (_, write) => {
    const { payload, headers } = write({
      ...{ title: ' ü & + % = ', empty: ' ', url: 'https://example.com/?a=b&c[]=d#e', quoted: '"\\\'' },
      ...{ list: ['a', ' b '], nested: { x: { y: ['1', '2'] } }, objects: [{ a: 'b' }, { a: 'c' }] },
    })
    expect(await fieldsOf(payload, headers, method)).toEqual({
      ...{ title: 'ü & + % =', empty: null, url: 'https://example.com/?a=b&c[]=d#e', quoted: '"\\\'' },
      ...{ list: ['a', 'b'], nested: { x: { y: ['1', '2'] } }, objects: [{ a: 'b' }, { a: 'c' }] },
    })
  })

  it('may have none', async () => {
    const answer = await site.app.inject({ method, url: '/fields' })
    expect(answer.json()).toEqual({})
    expect(await fieldsOf('', { 'content-type': form }, method)).toEqual({})
    expect(await fieldsOf('', { 'transfer-encoding': 'chunked' }, method)).toBeUndefined()
  })
})

it.each(['GET', 'DELETE'] as const)('whatever comes with a %s is ignored', async (method) => {
  for (const [type, payload] of [
    ['application/json', '{"a":1}'],
    ['application/json', '{'],
    ['application/json', ''],
    ['application/xml', '<a/>'],
    ['nonsense', 'x'],
    ['multipart/form-data', 'x'],
    [form, 'a=b'],
    [form, 'x'.repeat(300 * 1024)],
  ]) {
    expect(await fieldsOf(payload ?? '', { 'content-type': type ?? '' }, method)).toBeUndefined()
  }
})

it('a body that nobody reads does not get in the way of the next request on the connection', async () => {
  await storeLink(site.db, 26, 1)
  const { authorization } = site.as(26)
  const remove = `DELETE /link/urls/1 HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"broken"`
  const show = `GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
  const socket = await rawConnection(site.app)
  socket.write(remove + show)
  const text = await everything(socket)
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
  expect(text).toContain('Link Deleted Successfully')
})

describe('forms', () => {
  it.each<[string, unknown]>([
    ['a=1&a=2', { a: '2' }],
    ['a[]=1&a[]=2', { a: ['1', '2'] }],
    ['a[0]=1&a[1]=2', { a: ['1', '2'] }],
    ['a[5]=1&a[3]=2', { a: ['1', '2'] }],
    ['a[x]=1&a[]=2', { a: { x: '1', 0: '2' } }],
    ['rules[0][when][platform]=iOS&rules[0][long_url]=x', { rules: [{ when: { platform: 'iOS' }, long_url: 'x' }] }],
    ['a.b=1&a b=2', { a_b: '2' }],
    ['a', { a: null }],
    ['=b', {}],
    ['a%5B%5D=%C3%BC+%2B', { a: ['ü +'] }],
    ['&&a=b&', { a: 'b' }],
    ['constructor=1&toString=2&hasOwnProperty[]=3', { constructor: '1', toString: '2', hasOwnProperty: ['3'] }],
  ])('are read as PHP reads them: %s', async (text, fields) => {
    expect(await fieldsOf(text, { 'content-type': form })).toEqual(fields)
  })

  it.each([
    '__proto__=1',
    '__proto__[admin]=1',
    'a[__proto__][admin]=1',
    'constructor[prototype][admin]=1',
    'a[constructor][prototype][admin]=1',
  ])('cannot reach what objects are made of: %s', async (text) => {
    const answer = envelope(400, 'The body has a field that is not allowed.')
    expect(await fieldsOf(text, { 'content-type': form })).toEqual(answer)
    const [name = '', value = ''] = text.split('=')
    const { payload, headers } = multipart([part(`name="${name}"`, value)])
    const parts = await fieldsOf(payload, headers)
    expect(parts.code).toBe(400)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it('have no end of fields, levels or bytes', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => `f${n}=1`)
    expect(Object.keys(await fieldsOf(many(1000).join('&'), { 'content-type': form }))).toHaveLength(1000)
    const tooMany = envelope(413, 'The body has more than 1000 fields.')
    expect(await fieldsOf(many(1001).join('&'), { 'content-type': form })).toEqual(tooMany)
    const parts = (count: number) => multipart(Array.from({ length: count }, (_, n) => part(`name=f${n}`, '1')))
    expect(Object.keys(await fieldsOf(parts(1000).payload, parts(1000).headers))).toHaveLength(1000)
    expect(await fieldsOf(parts(1001).payload, parts(1001).headers)).toEqual(tooMany)

    const tooDeep = envelope(400, 'The body is nested more than 32 levels deep.')
    const deep = (levels: number) => `a${'[b]'.repeat(levels - 1)}`
    expect(await fieldsOf(`${deep(32)}=1`, { 'content-type': form })).toHaveProperty(
      Array(31).fill('b').join('.').replace(/^/, 'a.'),
      '1',
    )
    expect(await fieldsOf(`${deep(33)}=1`, { 'content-type': form })).toEqual(tooDeep)
    expect(await fieldsOf(`${deep(9000).replaceAll('[', '%5b')}=1`, { 'content-type': form })).toEqual(tooDeep)
    const nested = multipart([part(`name="${deep(33)}"`, '1')])
    expect(await fieldsOf(nested.payload, nested.headers)).toEqual(tooDeep)

    const tooLarge = envelope(413, 'The request body is too large.')
    expect(await fieldsOf(`a=${'x'.repeat(256 * 1024)}`, { 'content-type': form })).toEqual(tooLarge)
  })
})

describe('JSON', () => {
  it.each([
    ['{"a":{"b":[" c ",1,true,null]}}', { a: { b: ['c', 1, true, null] } }],
    ['\ufeff{"a":1}', { a: 1 }],
    ['[{"a":1}]', [{ a: 1 }]],
    ['" text "', 'text'],
    ['{"a":"\\u00a0\\u200b"}', { a: null }],
  ])('is read, without blanks around texts: %s', async (text, fields) => {
    expect(await fieldsOf(text, { 'content-type': 'application/json' })).toEqual(fields)
  })

  it.each(['json', '', 'text/json', 'application/x-json', 'application/octet-stream', 'nonsense; x', 'UTF-8'])(
    'is known by its first character, whatever it is called: %s',
    async (type) => {
      expect(await fieldsOf(' {"a":1}', { 'content-type': type })).toEqual({ a: 1 })
    },
  )

  it.each(['application/json', form, 'text/plain', 'application/vnd.api+json', ''])(
    'that is broken is 400, whatever it is called: %s',
    async (type) => {
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
      for (const text of [
        '{',
        '{"a":1,}',
        '[1',
        '{"a":1}x',
        '{"__proto__":{"admin":1}}',
        '{"constructor":{"prototype":1}}',
      ]) {
        expect(await fieldsOf(text, headers)).toEqual(envelope(400, 'The body is not valid JSON.'))
      }
    },
  )

  it('has no end of levels or values', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
    const headers = { 'content-type': 'application/json' }
    expect(await fieldsOf(nested(32), headers)).toEqual(JSON.parse(nested(32)))
    const tooDeep = envelope(400, 'The body is nested more than 32 levels deep.')
    for (const levels of [33, 100_000]) expect(await fieldsOf(nested(levels), headers)).toEqual(tooDeep)
    expect(await fieldsOf(`{"a":${nested(32)}}`, headers)).toEqual(tooDeep)
    const answer = await site.app.inject({
      ...{ method: 'POST', url: '/link/urls', headers: { ...site.as(26), ...headers } },
      payload: `[${'1,'.repeat(250_000)}1]`,
    })
    expect(answer.json()).toEqual(envelope(413, 'The body has more than 200000 values.'))
  })
})

describe('a multipart form', () => {
  it.each<[string, string[], unknown]>([
    ['quoted names', [part('name="a"', '1')], { a: '1' }],
    ['names as .NET writes them', [part('name=a', '1')], { a: '1' }],
    ['a type for each part', [part('name="a"', 'ü', 'Content-Type: text/plain; charset=utf-8\r\n')], { a: 'ü' }],
    ['parts of JSON', [part('name="a"', '{"b": 1}', 'Content-Type: application/json\r\n')], { a: '{"b":1}' }],
    ['lists', [part('name="a[]"', '1'), part('name="a[]"', '2')], { a: ['1', '2'] }],
    ['a name twice', [part('name="a"', '1'), part('name="a"', '2')], { a: '2' }],
    ['lines', [part('name="a"', '1\r\n2')], { a: '1\r\n2' }],
    ['an input where no file was chosen', [part('name="a"', '1'), part('name="f"; filename=""', '')], { a: '1' }],
    ['nothing', [], {}],
  ])('may have %s', async (_, parts, fields) => {
    const { payload, headers } = multipart(parts)
    expect(await fieldsOf(payload, headers)).toEqual(fields)
  })

  it('has no files: each is named', async () => {
    const file = 'Content-Type: application/octet-stream\r\n'
    const { payload, headers } = multipart([
      part('name="a"', '1'),
      part('name="upload"; filename="x.bin"', 'x'.repeat(100_000), file),
      part('name="b"', '1'),
      part('name="tags[]"; filename="y"', 'y', file),
    ])
    expect(await fieldsOf(payload, headers)).toEqual({
      ...envelope(422, 'The upload field must be a text, not a file. (and 1 more error)'),
      errors: {
        upload: ['The upload field must be a text, not a file.'],
        'tags[]': ['The tags[] field must be a text, not a file.'],
      },
    })
  })

  it.each<[string, string, string]>([
    ['no boundary', 'multipart/form-data', '--x\r\n\r\n--x--'],
    [
      'another boundary',
      'multipart/form-data; boundary=y',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    ],
    ['no end', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'],
    ['no parts', 'multipart/form-data; boundary=x', 'a=1&b=2'],
    [
      'a part of broken JSON',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\n\r\n{\r\n--x--\r\n',
    ],
  ])('with %s is 400', async (_, type, payload) => {
    const answer = await fieldsOf(payload, { 'content-type': type })
    expect(answer).toEqual(envelope(400, 'The body is not valid multipart/form-data.'))
  })

  it('is 413 when it has more bytes than the route takes, announced or not, in one part or in many', async () => {
    const tooLarge = envelope(413, 'The request body is too large.')
    const file = part('name="a"; filename="x"', 'x'.repeat(300 * 1024))
    const text = part('name="a"', 'x'.repeat(300 * 1024))
    const texts = Array.from({ length: 10 }, (_, n) => part(`name="f${n}"`, 'x'.repeat(30 * 1024)))
    for (const parts of [[file], [text], texts]) {
      const { payload, headers } = multipart(parts)
      expect(await fieldsOf(payload, headers)).toEqual(tooLarge)
      const chunked = await site.app.inject({
        ...{ method: 'PUT', url: '/fields', headers },
        payload: Readable.from([payload.slice(0, 1000), payload.slice(1000)]),
      })
      expect(chunked.json()).toEqual(tooLarge)
    }
  })
})

it('what cannot be read is 415, what is no content type too', async () => {
  const unsupported = envelope(415, 'The content type of the body is not supported.')
  for (const type of [
    'application/xml',
    'text/plain',
    'text/html',
    'image/png',
    'nonsense',
    'multipart/mixed; boundary=x',
  ]) {
    expect(await fieldsOf('a=b', { 'content-type': type })).toEqual(unsupported)
  }
  expect(await fieldsOf('a=b')).toEqual(unsupported)
})

it('no body makes the server fail', async () => {
  const type = fc.constantFrom(
    ...['application/json', form, 'text/plain', 'multipart/form-data; boundary=b', 'multipart/form-data', 'x/y', ''],
  )
  const piece = fc.oneof(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '&',
      '=',
      '%',
      '%00',
      '[]',
      '__proto__',
      'constructor',
      '\0',
      '\r\n',
    ),
    fc.constantFrom(
      '--b',
      '--b--',
      '--b\r\n',
      'Content-Disposition: form-data; name="a"',
      'filename="f"',
      '\r\n\r\n',
      'a=b',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  await fc.assert(
    fc.asyncProperty(type, fc.array(piece, { maxLength: 20 }), async (contentType, pieces) => {
      const answer = await site.app.inject({
        ...{ method: 'POST', url: '/fields', payload: pieces.join('') },
        ...(contentType !== '' && { headers: { 'content-type': contentType } }),
      })
      expect([200, 400, 413, 415, 422]).toContain(answer.statusCode)
      if (answer.statusCode !== 200) expect(answer.json()).toMatchObject({ status: 'ERROR', code: answer.statusCode })
    }),
    { numRuns: 500 },
  )
})

describe('recipients', () => {
  it.each(Object.entries(bodyForms))('are created by %s', async (_, write) => {
    const id = Math.floor(Math.random() * 1e9) + 1000
    await storeLink(site.db, 26, id)
    const { payload, headers } = write({
      recipients: [
        { mobile: '9019955123', message_id: 'm-1', sent_at: '2026-01-01 12:00:00' },
        { mobile: ' +91 90199 55124 ', message_id: '' },
      ],
    })
    const answer = await site.app.inject({
      ...{ method: 'POST', url: `/api/v2/link/urls/${id}/recipients`, payload },
      headers: { ...headers, ...site.as(26, 'links:write visits:pii') },
    })
    expect(answer.json().data).toMatchObject([
      { id: 1, mobile: '9019955123', message_id: 'm-1', sent_at: '2026-01-01 12:00:00' },
      { id: 2, mobile: '+919019955124', message_id: null, sent_at: null },
    ])
  })

  it('are created by a list as curl -d sends it', async () => {
    await storeLink(site.db, 26, 900)
    const answer = await site.app.inject({
      ...{ method: 'POST', url: '/link/urls/900/recipients', payload: '[{"mobile":"9019955123"}]' },
      headers: { 'content-type': form, ...site.as(26, 'links:write visits:pii') },
    })
    expect(answer.json().data).toMatchObject([{ id: 1, mobile: '9019955123' }])
  })
})
