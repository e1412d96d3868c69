import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptBodies } from '../../src/http/bodies.js'
import { decodedHeader } from '../../src/http/headers.js'
import { openApp, type TestApp } from '../support/app.js'
import { everything, parseAnswer, rawConnection } from '../support/raw-http.js'
import { storeLink, storeLinks } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({
    extend: (app) => {
      app.register(async (scope) => {
        await acceptBodies(scope)
        for (const method of ['POST', 'PUT', 'PATCH'] as const) {
          scope.route({ method, url: '/fields', handler: async ({ body }) => ({ body }) })
        }
      })
    },
  })
  await storeLinks(site.db, 9, 21)
})
afterAll(() => site.close())

type Method = 'POST' | 'PUT' | 'PATCH'

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const utf16le = (text: string) => Buffer.from(text, 'utf16le')
const utf16be = (text: string) => utf16le(text).swap16()

async function send(payload: Buffer | string, type: string, method: Method = 'POST') {
  const answer = await site.app.inject({ method, url: '/fields', payload, headers: { 'content-type': type } })
  return { status: answer.statusCode, ...answer.json() }
}

const boundary = 'limit'
const multipartType = `multipart/form-data; boundary=${boundary}`
const multipart = (parts: [name: string, value: string, headers?: string][]) => {
  const pieces = parts.map(
    ([name, value, headers = '']) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n${headers}\r\n${value}\r\n`,
  )
  return latin1(`${pieces.join('')}--${boundary}--\r\n`)
}
const typed = (charset: string) => `Content-Type: text/plain; charset=${charset}\r\n`

describe('a body is read by the charset that it declares', () => {
  it.each<[string, Buffer | string, string]>([
    ['UTF-8', '{"title":"Köln €"}', json],
    ['UTF-8 with a mark', '\ufeff{"title":"Köln €"}', json],
    ['UTF-8 as utf8 in quotes', '{"title":"Köln €"}', `${json};charset="utf8"`],
    ['UTF-8 as us-ascii', '{"title":"Köln €"}', `${json}; charset=us-ascii`],
    ['windows-1252', latin1('{"title":"K\xf6ln \x80"}'), `${json}; charset=windows-1252`],
    ['windows-1252 as ISO-8859-1', latin1('{"title":"K\xf6ln \x80"}'), `${json}; charset=ISO-8859-1`],
    ['iso-8859-15', latin1('{"title":"K\xf6ln \xa4"}'), 'application/vnd.api+json;charset=iso-8859-15'],
    ['UTF-16 with a mark', utf16le('\ufeff{"title":"Köln €"}'), json],
    ['UTF-16 in the other order, with a mark', utf16be('\ufeff{"title":"Köln €"}'), `${json}; charset=utf-16`],
    ['UTF-16 without a mark', utf16le('{"title":"Köln €"}'), `${json}; charset=utf-16`],
    ['UTF-16 in the other order', utf16be(' {"title":"Köln €"}'), `${json}; charset=utf-16`],
    ['UTF-16 that is not declared', utf16be('{"title":"Köln €"}'), json],
    ['UTF-16LE', utf16le('{"title":"Köln €"}'), `text/plain; charset=utf-16le`],
    ['windows-1252, as curl -d sends it', latin1('{"title":"K\xf6ln \x80"}'), `${form}; charset=cp1252`],
    ['UTF-16, as curl -d sends it', utf16le('\ufeff{"title":"Köln €"}'), form],
  ])('JSON in %s', async (_, payload, type) => {
    for (const method of ['POST', 'PUT', 'PATCH'] as const) {
      expect(await send(payload, type, method)).toEqual({ status: 200, body: { title: 'Köln €' } })
    }
  })

  it.each<[string, Buffer | string, string]>([
    ['UTF-8', 'title=K%C3%B6ln+%E2%82%AC', form],
    ['UTF-8 that is not escaped', 'title=Köln €', form],
    ['UTF-8 with a mark', '\ufefftitle=K%C3%B6ln €', form],
    ['UTF-8 with a mark, whatever is declared', '\ufefftitle=K%C3%B6ln €', `${form}; charset=latin1`],
    ['ISO-8859-1', 'title=K%F6ln+%80', `${form}; charset=iso-8859-1`],
    ['ISO-8859-1 that is not escaped', latin1('title=K\xf6ln \x80'), `${form}; charset="ISO-8859-1"`],
    ['a charset in single quotes', 'title=K%C3%B6ln+%E2%82%AC', `${form}; charset='utf-8'`],
    ['the charset of a field', '_charset_=windows-1252&title=K%F6ln+%80', form],
    ['the charset of a later field', 'title=K%F6ln+%80&_charset_=iso-8859-1', form],
    ['the charset of its type before that of a field', 'title=K%F6ln+%80&_charset_=utf-8', `${form};charset=cp1252`],
    ['an empty charset field', '_charset_=&title=K%C3%B6ln+%E2%82%AC', form],
    ['UTF-16', utf16le('title=Köln €'), `${form}; charset=utf-16le`],
  ])('a form in %s', async (_, payload, type) => {
    expect(await send(payload, type)).toEqual({ status: 200, body: { title: 'Köln €' } })
  })

  it.each<[string, Buffer, string]>([
    ['UTF-8', multipart([['title', 'K\xc3\xb6ln \xe2\x82\xac']]), multipartType],
    ['a charset of the part', multipart([['title', 'K\xf6ln \x80', typed('iso-8859-1')]]), multipartType],
    ['another charset of the part', multipart([['title', 'K\xf6ln \xa4', typed('"ISO-8859-15"')]]), multipartType],
    ['a charset of its type', multipart([['title', 'K\xf6ln \x80']]), `${multipartType}; charset=windows-1252`],
    [
      'a charset field',
      multipart([
        ['title', 'K\xf6ln \x80'],
        ['_charset_', 'cp1252'],
      ]),
      multipartType,
    ],
  ])('a multipart form in %s', async (_, payload, type) => {
    for (const method of ['POST', 'PUT'] as const) {
      expect(await send(payload, type, method)).toEqual({ status: 200, body: { title: 'Köln €' } })
    }
  })

  it('names and values in scripts of their own', async () => {
    const body = latin1('\xe8\xec\xff=\xcc\xe8\xf0&n[\xe0]=1')
    expect(await send(body, `${form}; charset=windows-1251`)).toEqual({
      status: 200,
      body: { имя: 'Мир', n: { а: '1' } },
    })
    expect((await send('title=%83e%83X%83g', `${form}; charset=shift_jis`)).body).toEqual({ title: 'テスト' })
    const parts = multipart([['title', '"\xc4\xe0"', 'Content-Type: application/json; charset=windows-1251\r\n']])
    expect((await send(parts, multipartType)).body).toEqual({ title: '"Да"' })
  })

  it.each([
    `${json}; charset=utf-7`,
    `${form}; charset=nonsense`,
    `${multipartType}; charset=ebcdic`,
    'x/y; charset=z',
  ])('and refused when that is not supported: %s', async (type) => {
    const payload = type.startsWith('multipart') ? multipart([['a', 'b']]) : '{"a":"b"}'
    const message = 'The charset of the body is not supported.'
    expect(await send(payload, type)).toMatchObject({ status: 'ERROR', code: 415, message, data: [] })
  })

  it('and refused with the name of a part, or of the field, whose charset is not supported', async () => {
    const answer = await send(multipart([['a', 'b', typed('utf-7')]]), multipartType)
    expect([answer.code, answer.errors]).toEqual([422, { a: ['The a field is not valid UTF-7.'] }])
    const { code, errors } = await send('_charset_=utf-7&a=b', form)
    expect([code, errors]).toEqual([422, { _charset_: ['The _charset_ field must be a charset such as utf-8.'] }])
  })
})

describe('a body that is not in its charset is refused', () => {
  it.each<[string, Buffer | string, string, string[]]>([
    ['a form', 'n=1&title=Caf%E9', form, ['title']],
    ['a form without escapes', latin1('title=Caf\xe9&long_url=\xff'), form, ['title', 'long_url']],
    ['a form that declares UTF-8', 'title=Caf%E9', `${form}; charset=UTF-8`, ['title']],
    ['a form of lists', 'tags[]=a&tags[1]=%E9&rules[0][long_url]=%80', form, ['tags.1', 'rules.0.long_url']],
    ['a form cut within a character', 'title=%E2%82', form, ['title']],
    ['a form with an overlong character', 'title=%C0%AF', form, ['title']],
    ['a form with half of a surrogate pair', 'title=%ED%A0%80', form, ['title']],
    ['a form whose name is none', 'caf%E9=1', form, ['caf%E9']],
    ['a form in another charset', 'title=%81%FF', `${form}; charset=shift_jis`, ['title']],
    [
      'a multipart form',
      multipart([
        ['title', 'Caf\xe9'],
        ['b', 'x'],
      ]),
      multipartType,
      ['title'],
    ],
    ['a part that declares UTF-8', multipart([['title', 'Caf\xe9', typed('utf-8')]]), multipartType, ['title']],
    [
      'a part of JSON',
      multipart([['title', '"Caf\xe9"', 'Content-Type: application/json\r\n']]),
      multipartType,
      ['title'],
    ],
    ['a part whose name is none', multipart([['caf\xe9', 'x']]), multipartType, ['caf%E9']],
    ['JSON', latin1('{"a":"\xef\xbf\xbd","title":"Caf\xe9"}'), json, ['title']],
    ['JSON with U+FFFD in an escape', latin1('{"a":"\\\\\\ufffd\\uFFFD","b":"\xff"}'), json, ['b']],
    ['JSON with a mark', latin1('\xef\xbb\xbf{"title":"Caf\xe9"}'), json, ['title']],
    ['JSON of lists', latin1('[{"a":"b"},{"mobile":["\xe9","x","\x80"]}]'), 'text/plain', ['1.mobile.0', '1.mobile.2']],
    ['JSON whose name is none', latin1('{"x":{"caf\xe9":1}}'), form, ['x.caf?']],
  ])('with the names of its fields: %s', async (_, payload, type, names) => {
    for (const method of ['POST', 'PATCH'] as const) {
      const { code, errors } = await send(payload, type, method)
      expect([code, Object.keys(errors)]).toEqual([422, names])
    }
  })

  it('in words that say what is wrong', async () => {
    expect(await send('title=Caf%E9', form)).toEqual({
      ...{ status: 'ERROR', code: 422, message: 'The title field is not valid UTF-8.', data: [] },
      errors: { title: ['The title field is not valid UTF-8.'] },
    })
  })

  it.each<[string, Buffer, string]>([
    ['is not valid UTF-8.', latin1('{"title":"Caf\xe9"'), json],
    ['is not valid UTF-16LE.', utf16le('\ufeff{"title":"\ud800"}'), json],
    ['is not valid SHIFT_JIS.', latin1('{"title":"\x81\xff"}'), `${json}; charset=shift_jis`],
  ])('as a whole where no field can be named: the body %s', async (message, payload, type) => {
    expect(await send(payload, type)).toMatchObject({ code: 400, message: `The body ${message}` })
  })

  it('with as many names as somebody reads', async () => {
    const many = latin1(`[${Array(10_000).fill('"\xff"').join(',')}]`)
    expect(Object.keys((await send(many, json)).errors)).toHaveLength(20)
  })
})

describe('what is stored', () => {
  const create = (payload: Buffer | string, type: string) =>
    site.app.inject({
      ...{ method: 'POST', url: '/link/urls', payload },
      headers: { ...site.as(9), 'content-type': type },
    })

  it('has the letters as they were meant, and is nothing where they are not known', async () => {
    const fields = 'long_url=https://example.com/?n=M%FCller&title=Caf%E9&tags[]=%DC'
    const known = await create(fields, `${form}; charset=iso-8859-1`)
    expect(known.json().data).toMatchObject({ long_url: 'https://example.com/?n=Müller', title: 'Café' })
    const before = await site.db.prisma.link.count()
    const unknown = await create(fields, form)
    expect([unknown.statusCode, Object.keys(unknown.json().errors)]).toEqual([422, ['long_url', 'title', 'tags[]']])
    expect(await site.db.prisma.link.count()).toBe(before)
  })

  it('is the same for a verb that a field chooses', async () => {
    const edit = async (fields: string) => {
      const headers = { ...site.as(9), 'content-type': form }
      return site.app.inject({ method: 'POST', url: '/link/urls/21', payload: fields, headers })
    }
    const url = 'long_url=https://example.com/x'
    expect((await edit(`_method=PUT&${url}&title=%E9`)).json().errors).toEqual({
      title: ['The title field is not valid UTF-8.'],
    })
    expect((await edit(`_method=PUT&_charset_=latin1&${url}&title=%E9`)).json().data.title).toBe('é')
    expect((await edit(`_method=PU%E9&${url}`)).statusCode).toBe(422)
  })

  const person = { mobile: '447700900123' }
  const link = { long_url: 'https://example.com/y' }
  it.each<[string, string, (text: string) => unknown]>([
    ['title', '/link/urls', (title) => ({ ...link, title })],
    ['long_url', '/link/urls', (text) => ({ long_url: `${link.long_url}${text}x` })],
    ['webhook_id', '/link/urls', (webhook_id) => ({ ...link, webhook_id })],
    ['slug', '/link/urls', (slug) => ({ ...link, slug })],
    ['expires_at', '/link/urls', (expires_at) => ({ ...link, expires_at })],
    ['tags.0', '/link/urls', (tag) => ({ ...link, tags: [tag] })],
    ['rules.0.when.platform', '/link/urls', (platform) => ({ ...link, rules: [{ ...link, when: { platform } }] })],
    ['recipients.0.mobile', '/link/urls/21/recipients', (text) => [{ mobile: `44${text}7700900123` }]],
    ['recipients.0.message_id', '/link/urls/21/recipients', (message_id) => [{ ...person, message_id }]],
    ['recipients.0.sent_at', '/link/urls/21/recipients', (sent_at) => [{ ...person, sent_at }]],
    ['mobile', '/recipients/erase', (text) => ({ mobile: `44${text}7700900123` })],
    ['name', '/developer/webhooks', (name) => ({ name, uri: 'https://example.com/hook' })],
    ['uri', '/developer/webhooks', (text) => ({ name: 'x', uri: `https://example.com/${text}` })],
    ['secret', '/developer/webhooks', (secret) => ({ name: 'x', uri: 'https://example.com/hook', secret })],
    ['name', '/developer/tokens', (name) => ({ name, scopes: ['links:read'] })],
    ['scopes', '/developer/tokens', (text) => ({ name: 'x', scopes: `links:read${text}` })],
  ])('never has NUL or half of a surrogate pair: %s of %s', async (field, url, write) => {
    for (const text of ['a\0b', 'a\ud800b', 'a\udfffb']) {
      const answer = await site.app.inject({
        ...{ method: 'POST', url, payload: JSON.stringify(write(text)) },
        headers: { ...site.as(9, 'admin visits:pii'), 'content-type': json },
      })
      expect([answer.statusCode, Object.keys(answer.json().errors)]).toEqual([422, [field]])
    }
  })
})

describe('a query that is not UTF-8', () => {
  it.each([
    ['/link/urls?search=Caf%E9', 'search'],
    ['/link/urls?filter[title]=%FF&page=2', 'filter.title'],
    ['/link/urls?filter%5Btitle%5D=%ED%A0%80', 'filter.title'],
    ['/link/urls?%E9=1', '%E9'],
    ['/link/urls/21?include=%80', 'include'],
    ['/link/urls/21/recipients?filter[visited]=%C3', 'filter.visited'],
    ['/link/urls/21/visits?filter[browser]=%C0%AF', 'filter.browser'],
    ['/link/urls/21/visits/stats?group_by=%F5', 'group_by'],
    ['/link/urls/21/visits/export?format=%E2%82', 'format'],
    ['/link/visits/feed?cursor=%FE', 'cursor'],
    ['/developer/webhooks?filter[name]=%E9', 'filter.name'],
    ['/developer/tokens?page=%E9', 'page'],
    ['/audit/reads?from=%E9', 'from'],
  ])('is refused with the name of the parameter: %s', async (url, field) => {
    const answer = await site.app.inject({ url, headers: site.as(9) })
    expect([answer.statusCode, Object.keys(answer.json().errors)]).toEqual([422, [field]])
    expect(answer.body).not.toContain('\ufffd')
  })

  it('is refused before the body chooses a verb, and in front of a caller that is not known', async () => {
    const post = (headers: object) =>
      site.app.inject({
        method: 'POST',
        url: '/link/urls/21?x=%E9',
        payload: { _method: 'DELETE' },
        headers: { ...headers },
      })
    expect((await post(site.as(9))).json().errors).toEqual({ x: ['The x parameter is not valid UTF-8.'] })
    expect((await post({})).statusCode).toBe(401)
    expect((await site.app.inject({ url: '/link/urls/21', headers: site.as(9) })).statusCode).toBe(200)
  })

  it('finds what it says where it is UTF-8', async () => {
    await storeLink(site.db, 10, 22, { title: 'Köln €' })
    const find = async (query: string) =>
      (await site.app.inject({ url: `/link/urls?${query}`, headers: site.as(10) })).json()
    for (const query of ['search=K%C3%B6ln+%E2%82%AC', 'filter[title]=k%c3%b6ln', 'search=%E2%82%AC&page=1']) {
      expect((await find(query)).meta.total).toBe(1)
    }
  })
})

describe('an opening', () => {
  const open = async (target: string, headers: string) => {
    const socket = await rawConnection(site.app)
    socket.write(latin1(`GET ${target} HTTP/1.1\r\nHost: s.example\r\nConnection: close\r\n${headers}\r\n`))
    return parseAnswer(await everything(socket)).status
  }
  const visit = async (linkId: number) =>
    (await site.app.inject({ url: `/link/urls/${linkId}/visits`, headers: site.as(11) })).json().data[0]

  it.each([
    ['name=M%FCller', 'name=M%FCller'],
    ['%E9%E8=%ff&b=%C3%A9', '%E9%E8=%ff&b=%C3%A9'],
    ['a=%ED%A0%80%00', 'a=%ED%A0%80%00'],
    ['a=%zz%4', 'a=%zz%4'],
  ])('with a query that is not UTF-8 is redirected, and keeps it as it was sent: %s', async (query, stored) => {
    const id = 100 + (await site.db.prisma.link.count())
    await storeLink(site.db, 11, id)
    expect(await open(`/link11x${id}?${query}`, '')).toBe(302)
    expect((await visit(id)).query_string).toBe(stored)
  })

  it('passes on every name of a query that is not UTF-8', async () => {
    await storeLink(site.db, 11, 99, { longUrl: 'https://example.com/?n%E9=1', forwardQuery: true })
    const answer = await site.app.inject('/link11x99?n%E8=2&n%e9=3&x=%FF')
    expect(answer.headers.location).toBe('https://example.com/?n%E9=1&n%E8=2&x=%FF')
  })

  it.each([
    ['Latin-1', 'Caf\xe9Browser/1.0 (Linux)', 'CaféBrowser/1.0 (Linux)'],
    ['windows-1252', '\x93Browser\x94/1.0 \x80', '“Browser”/1.0 €'],
    ['UTF-8', '\xe5\xbe\xae\xe4\xbf\xa1/8.0', '微信/8.0'],
    ['ASCII', 'Mozilla/5.0', 'Mozilla/5.0'],
    ['UTF-8, cut between characters', `${'a'.repeat(511)}\xf0\x9f\x98\x80x`, 'a'.repeat(511)],
  ])('with a user agent in %s is redirected, and keeps its letters', async (_, sent, stored) => {
    const id = 100 + (await site.db.prisma.link.count())
    await storeLink(site.db, 11, id)
    const headers = `User-Agent: ${sent}\r\nAccept-Language: \xe9\xff, de_DE\r\nReferer: https://example.com/\xe9\r\n`
    expect(await open(`/link11x${id}`, headers)).toBe(302)
    expect(await visit(id)).toMatchObject({ user_agent: stored, browser_lang: 'de' })
  })

  it('keeps a header that is text already', () => {
    expect(decodedHeader('Köln 微')).toBe('Köln 微')
  })
})

describe('a body with a content coding', () => {
  const payload = gzipSync('{"title":"x"}')
  const message = 'The content encoding of the body is not supported: send it without.'

  it.each<[string, Method, string]>([
    ['gzip', 'POST', json],
    ['GZIP', 'PUT', json],
    ['deflate', 'PATCH', json],
    ['br', 'POST', form],
    ['zstd', 'POST', multipartType],
    ['x-gzip', 'PUT', multipartType],
    ['identity, gzip', 'POST', json],
    ['nonsense', 'POST', 'text/plain'],
  ])('is refused, whatever it is: %s', async (coding, method, type) => {
    const headers = { 'content-type': type, 'content-encoding': coding }
    const answer = await site.app.inject({ method, url: '/fields', payload, headers })
    expect(answer.json()).toEqual({ status: 'ERROR', code: 415, message, data: [] })
    expect(answer.headers['accept-encoding']).toBe('identity')
  })

  it.each(['identity', 'Identity', ' identity , identity', ''])('that changes nothing is read: %j', async (coding) => {
    const headers = { 'content-type': json, 'content-encoding': coding }
    const answer = await site.app.inject({ method: 'POST', url: '/fields', payload: { title: 'x' }, headers })
    expect(answer.json()).toEqual({ body: { title: 'x' } })
  })

  it('is refused in an API call, and ignored where bodies are', async () => {
    const headers = { ...site.as(9), 'content-type': json, 'content-encoding': 'gzip' }
    const ask = async (method: 'POST' | 'GET', url: string, body: Buffer | undefined = payload) =>
      (await site.app.inject({ method, url, headers, ...(body && { payload: body }) })).statusCode
    expect(await ask('POST', '/api/v2/link/urls')).toBe(415)
    expect(await ask('GET', '/link/urls')).toBe(200)
    const noBody = await site.app.inject({ method: 'POST', url: '/fields', headers: { 'content-encoding': 'gzip' } })
    expect(noBody.statusCode).toBe(200)
  })
})
