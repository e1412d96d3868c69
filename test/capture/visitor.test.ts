import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentLanguage, firstLanguage } from '../../src/capture/language.js'
import { type Click, readVisitor } from '../../src/capture/visitor.js'

const click = (given: Partial<Click> = {}): Click => ({
  method: 'GET',
  ip: '81.2.69.142',
  protocol: 'https',
  host: 's.example.com',
  url: '/JFlCjw',
  headers: {},
  ...given,
})

describe('a visitor', () => {
  it('is what the click says, absent being null', () => {
    expect(readVisitor(click())).toMatchObject({
      clientIp: '81.2.69.142',
      scheme: 'https',
      host: 's.example.com',
      queryString: null,
      browserLang: null,
      userAgent: { userAgent: null, browser: null, touchEnabled: false },
      isProgram: true,
    })
  })

  it.each([
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', null],
    ['1.2.3.4:5678', null],
  ])('has one spelling of an address, or none: %s', (ip, clientIp) => {
    expect(readVisitor(click({ ip })).clientIp).toBe(clientIp)
  })

  it.each([
    ['S.Example.COM:8080', 's.example.com:8080'],
    ['[::1]:3000', '[::1]:3000'],
    ['a b', null],
    ['<script>', null],
    ['', null],
    [`${'a'.repeat(250)}.example.com`, null],
  ])('has a host that is one, or none: %s', (host, stored) => {
    expect(readVisitor(click({ host })).host).toBe(stored)
  })

  it('has a scheme that is one, or none', () => {
    expect(readVisitor(click({ protocol: 'javascript' as 'http' })).scheme).toBeNull()
  })

  it('has no more than 2048 characters of query, 512 of user agent', () => {
    const visitor = readVisitor(
      click({ url: `/JFlCjw?${'q'.repeat(5000)}`, headers: { 'user-agent': 'u'.repeat(5000) } }),
    )
    expect(visitor.queryString).toBe('q'.repeat(2048))
    expect(visitor.userAgent.userAgent).toBe('u'.repeat(512))
  })

  it.each([
    ['/x?a=1&b=%20', 'a=1&b=%20'],
    ['/x?a=1?b=2', 'a=1?b=2'],
    ['/x?', null],
    ['/x?a=1#part', 'a=1'],
  ])('has the query as it was sent: %s', (url, queryString) => {
    expect(readVisitor(click({ url })).queryString).toBe(queryString)
  })
})

describe('the language of a visitor', () => {
  it.each([
    ['en-US,en;q=0.9', 'en'],
    ['EN', 'en'],
    ['de;q=0.5, en', 'de'],
    ['zh-Hant-TW', 'zh'],
    ['fil-PH, en', 'fil'],
    [' pt-BR ;q=1', 'pt'],
    ['*', null],
    ['', null],
    ['x-klingon', null],
    ['e', null],
    ['en_US', 'en'],
    ['pt_BR.UTF-8', 'pt'],
    ['de-DE.utf8@euro;q=0.9', 'de'],
    ['sr_Latn_RS,en', 'sr'],
    ['C', null],
    ['C.UTF-8', null],
    ['POSIX', null],
    ['iw', 'he'],
    ['iw-IL', 'he'],
    ['IW_il,en', 'he'],
    ['in_ID', 'id'],
    ['in', 'id'],
    ['ji;q=0.5', 'yi'],
    ['inh', 'inh'],
    ['*, fr;q=0.5', 'fr'],
    ['*;q=0.8', null],
    ['de;q=0, nl;q=0.000 , fr;q=0.001', 'fr'],
    ['de ; q = 0, it', 'it'],
    ['de;q=0.0;level=1, it', 'it'],
    ['-, , ??, es-419', 'es'],
    ['\ten-GB\t;q=1', 'en'],
    [`${'x-y,'.repeat(5_000)}en`, null],
    ['english-language', 'english'],
    ['toolonglanguage', null],
    ["en'; DROP TABLE visits", null],
  ])('of %s is %s', (header, language) => {
    expect(firstLanguage(header)).toBe(language)
  })

  it('is two to eight lower-case letters or nothing, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(firstLanguage(header) ?? 'en').toMatch(/^[a-z]{2,8}$/)
      }),
    )
  })

  it('is the primary subtag of the first of any list', () => {
    const tag = fc.tuple(fc.stringMatching(/^[a-z]{2,3}$/), fc.constantFrom('', '-US', '-Latn-RS', ';q=0.3'))
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        expect(firstLanguage(tags.map((parts) => parts.join('')).join(', '))).toBe(currentLanguage(tags[0]?.[0] ?? ''))
      }),
    )
  })
})
