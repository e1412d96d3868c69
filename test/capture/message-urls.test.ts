import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { rawRequest } from '../support/raw-http.js'
import { chromeOnMac, storeLink, storeRecipients } from '../support/visits.js'

const browser = { 'user-agent': chromeOnMac.userAgent ?? '', accept: 'text/html,*/*;q=0.8' }

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com/go', PUBLIC_URL: 'https://s.example.com' } })
})
afterAll(() => site.close())

let lastLink = 0
async function newLink(given: Parameters<typeof storeLink>[3] = {}): Promise<{ id: number; token: string }> {
  const id = ++lastLink
  await storeLink(site.db, 26, id, { token: `Msg${id}`, ...given })
  return { id, token: `Msg${id}` }
}

const queriesOf = async (id: number): Promise<(string | null)[]> => {
  const visits = await site.db.prisma.visit.findMany({ where: { linkId: id }, orderBy: { seq: 'asc' } })
  return visits.map(({ queryString }) => queryString)
}

const open = (url: string, method: 'GET' | 'HEAD' = 'GET') => site.app.inject({ url, method, headers: browser })

describe('a short URL with what stood beside it in a message', () => {
  it('redirects in one hop and counts each visit, with the query of its own', async () => {
    const { id, token } = await newLink({ forwardQuery: true, longUrl: 'https://example.com/' })
    const opened: [string, string | null][] = [
      [`/${token}.`, null],
      [`/${token}%20`, null],
      [`/${token}%E2%80%9D)`, null],
      [`/${token}%C2%A0%EF%BB%BF`, null],
      [`/${token}%E2%80`, null],
      [`/${token}%A0`, null],
      [`/${token}%`, null],
      [`//${token}.//`, null],
      [`/${token}/%22`, null],
      [`/go/${token}),`, null],
      [`/${token}&quot;`, null],
      [`/${token}#`, null],
      [`/${token}.?a=1`, 'a=1'],
      [`/${token}&a=1`, 'a=1'],
      [`/${token}%3Fa=1`, 'a=1'],
      [`/${token}%26a=1?b=2`, 'a=1&b=2'],
    ]
    for (const [url, query] of opened) {
      const { statusCode, headers } = await open(url)
      const target = query === null ? 'https://example.com/' : `https://example.com/?${query}`
      expect([url, statusCode, headers.location]).toEqual([url, 302, target])
    }
    expect(await queriesOf(id)).toEqual(opened.map(([, query]) => query))
  })

  it('is the recipient’s whose token it is, and HEAD is answered alike', async () => {
    const { id } = await newLink()
    await storeRecipients(site.db, 26, id, ['9019955123'], ['Rcpt1'])
    expect((await open('/Rcpt1%E3%80%82')).statusCode).toBe(302)
    expect((await open('/Rcpt1%E3%80%82', 'HEAD')).statusCode).toBe(302)
    const visits = await site.db.prisma.visit.findMany({ where: { linkId: id }, orderBy: { seq: 'asc' } })
    expect(visits.map(({ recipientId, humanSeq }) => [Number(recipientId), humanSeq === null])).toEqual([
      [1, false],
      [1, true],
    ])
  })

  it.each([
    ['raw bytes of UTF-8', '\xe2\x80\x99', null],
    ['a raw no-break space', '\xc2\xa0', null],
    ['a raw byte of Latin-1', '\xa0', null],
    ['raw angle brackets and quotation marks', '>"<', null],
    ['a raw blank', ' ', null],
    ['raw bytes in the query', '?q=\xc3\xbc', 'q=%C3%BC'],
  ])('opens with %s, as simple clients send them', async (_, text, query) => {
    const { id, token } = await newLink()
    for (const prefix of ['', 'http://s.example.com']) {
      const lines = [`GET ${prefix}/${token}${text} HTTP/1.1`, 'Host: s.example.com', 'Connection: close', '', '']
      const answer = await rawRequest(site.app, Buffer.from(lines.join('\r\n'), 'latin1'))
      expect([answer.status, answer.headers.location]).toEqual([302, `https://example.com/${id}`])
    }
    const visits = await site.db.prisma.visit.findMany({ where: { linkId: id } })
    expect(visits.map(({ clientIp, queryString }) => [clientIp, queryString])).toEqual([
      ['127.0.0.1', query],
      ['127.0.0.1', query],
    ])
  })

  it('opens nothing when letters or digits follow, and nothing for another verb', async () => {
    const { id, token } = await newLink()
    for (const url of [
      `/${token}.x`,
      `/${token}%C3%A9`,
      `/${token}%20you`,
      `/${token}/offer`,
      `/.${token}`,
      `/x/${token}.`,
    ]) {
      expect([url, (await open(url)).statusCode]).toEqual([url, 404])
    }
    const posted = await site.app.inject({ method: 'POST', url: `/${token}.`, headers: browser })
    expect([posted.statusCode, posted.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await queriesOf(id)).toEqual([])
  })

  it('opens nothing below the prefix of the API, and changes no other path', async () => {
    const { id, token } = await newLink()
    for (const prefix of ['/api/v2', '/api/v2/api/v2', 'http://s.example.com/api/v2']) {
      const answer = await open(`${prefix}/${token}.`)
      expect([answer.statusCode, answer.json().message]).toEqual([404, 'Not Found'])
    }
    for (const url of ['/robots.txt', '/robots.txt?x']) expect((await open(url)).statusCode).toBe(200)
    for (const url of ['/robots.txt.', '/favicon.ico', '/.well-known/security.txt', '/health.', '/health%20']) {
      expect([url, (await open(url)).statusCode]).toEqual([url, 404])
    }
    expect((await open('/health/')).statusCode).toBe(200)
    expect(await queriesOf(id)).toEqual([])
  })

  it('is refused as a target, as it would lead back here', async () => {
    const refusedFor = async (fields: object) => {
      const answer = await site.app.inject({
        ...{ method: 'POST', url: '/link/urls', headers: site.as(26) },
        payload: { long_url: 'https://example.com/', ...fields },
      })
      return answer.json().errors
    }
    const text = 'must not be a short URL of this server.'
    for (const end of ['', '.', '%20', '&a=1', '%E2%80%9D', '/)']) {
      const address = `https://s.example.com/go/AbC123${end}`
      expect(await refusedFor({ long_url: address })).toEqual({ long_url: [`The long url field ${text}`] })
      expect(await refusedFor({ fallback_url: address })).toEqual({ fallback_url: [`The fallback url field ${text}`] })
    }
    expect(await refusedFor({ fallback_url: 'https://s.example.com/go/no.such' })).toBeUndefined()
  })
})
