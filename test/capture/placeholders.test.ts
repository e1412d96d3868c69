import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillPlaceholders, placeholderValues } from '../../src/capture/placeholders.js'
import { targetUrl } from '../../src/capture/target-url.js'
import { newVisit } from '../support/visits.js'

const visit = newVisit(20, {
  id: '835b7433-0aaf-457c-88e7-7433b00d1234',
  createdAt: new Date('2022-10-31T10:07:27.900Z'),
  clientIp: '81.2.69.142',
  host: 's.example.com',
  place: {
    ...{ country: 'United Kingdom', countryCode: 'GB', region: 'England', city: 'London', zipcode: null },
    ...{ latitude: null, longitude: null, timezone: null },
  },
})
const values = placeholderValues(visit, '+9019955123')

describe('placeholders', () => {
  it('are those of the contract, filled from the visit, encoded', () => {
    const names = [
      ...[
        'client_ip',
        'host',
        'user_agent',
        'browser',
        'browser_version',
        'browser_lang',
        'browser_engine',
        'platform',
      ],
      ...['platform_name', 'platform_version', 'device_type', 'device_brand', 'device_version', 'device_model'],
      ...['touch_enabled', 'country_code', 'country', 'region', 'city', 'created_at', 'mobile', 'id', 'link_id'],
    ]
    const filled = Object.fromEntries(names.map((name) => [name, fillPlaceholders(`{${name}}`, values)]))
    expect(filled).toEqual({
      client_ip: '81.2.69.142',
      host: 's.example.com',
      user_agent: encodeURIComponent(visit.userAgent.userAgent ?? '')
        .replaceAll('(', '%28')
        .replaceAll(')', '%29'),
      browser: 'Chrome',
      browser_version: '67.0.3396.99',
      browser_lang: 'en',
      browser_engine: 'Blink',
      platform: 'Mac',
      platform_name: 'MAC',
      platform_version: '10.13.6',
      device_type: 'desktop',
      device_brand: 'Apple',
      device_version: '',
      device_model: '',
      touch_enabled: '0',
      country_code: 'GB',
      country: 'United%20Kingdom',
      region: 'England',
      city: 'London',
      created_at: '1667210847',
      mobile: '%2B9019955123',
      id: '835b7433-0aaf-457c-88e7-7433b00d1234',
      link_id: '20',
    })
    expect(Object.keys(values)).toEqual(names)
  })

  it.each([
    ['{city}/{{city}}', 'London/London'],
    ['{{city}', '{London'],
    ['{city}}', 'London}'],
    ['{{{city}}}', '{London}'],
    ['{}{{}}{ city }', '{}{{}}{ city }'],
    ['{token}{{unknown}}', '{token}{{unknown}}'],
    ['{City}', '{City}'],
    ['{constructor}{__proto__}{toString}', '{constructor}{__proto__}{toString}'],
    ['[{city}', '[London'],
  ])('in single or double braces; what is none stays: %s', (text, filled) => {
    expect(fillPlaceholders(text, values)).toBe(filled)
  })

  it('are filled once: a value that looks like one stays a value', () => {
    expect(fillPlaceholders('{a}', { a: '{b}', b: 'no' })).toBe('%7Bb%7D')
    expect(fillPlaceholders('{a}', { a: '$&$1' })).toBe('%24%26%241')
  })

  it('of whom nothing is known are empty', () => {
    const nobody = placeholderValues(newVisit(1, { clientIp: null, place: null, browserLang: null }), null)
    expect(fillPlaceholders('{client_ip}{country}{browser_lang}{mobile}', nobody)).toBe('')
  })
})

describe('the target of a redirect', () => {
  it.each([
    ['https://shop.example.com/orders?m={mobile}', 'https://shop.example.com/orders?m=%2B9019955123'],
    ['HTTPS://example.com', 'https://example.com'],
    ['https://example.com/a[b?c=]{x', 'https://example.com/a[b?c=]{x'],
    [' https://example.com/a b/ü?q=ö#ß ', 'https://example.com/a%20b/%C3%BC?q=%C3%B6#%C3%9F'],
    ['https://münchen.example/{city}', 'https://xn--mnchen-3ya.example/London'],
    ['https://example.com/a\r\nSet-Cookie: x=1', 'https://example.com/aSet-Cookie:%20x=1'],
    ['https://user:pass@example.com:8443/', 'https://user:pass@example.com:8443/'],
    ['https:\\\\example.com\\{city}', 'https://example.com/London'],
    ['https://{country_code}.shop.example.com/', 'https://gb.shop.example.com/'],
    ['https://shop-{browser_lang}.example.com:81/', 'https://shop-en.example.com:81/'],
    ['https://{device_model}.example.com/', 'https://example.com/'],
    ['https://{device_model}.co/', 'https://{device_model}.co/'],
    ['https://{host}/', 'https://{host}/'],
    ['https://example.{country_code}/', 'https://example.{country_code}/'],
    ['https://example.com@{host}/', 'https://example.com@{host}/'],
  ])('%s becomes %s', (longUrl, location) => {
    expect(targetUrl(longUrl, values, null)).toBe(location)
  })

  it.each([
    '',
    'javascript:alert(1)',
    'data:text/html,x',
    '//example.com',
    'ftp://example.com',
    'https://',
    'https:',
    'example.com',
  ])('is none where the stored one is not http or https: %s', (longUrl) =>
    expect(targetUrl(longUrl, values, null)).toBeNull(),
  )

  it.each([
    ['market://details?id=com.example&m={mobile}', 'market://details?id=com.example&m=%2B9019955123&a=1'],
    ['intent://scan/{city}#Intent;scheme=zxing;end', 'intent://scan/London?a=1#Intent;scheme=zxing;end'],
    ['Market:x y\r\nz', 'market:x%20yz?a=1'],
  ])('is an address of an app where the site allows it: %s', (longUrl, location) => {
    expect(targetUrl(longUrl, values, 'a=1', ['https', 'market', 'intent'])).toBe(location)
    expect(targetUrl(longUrl, values, 'a=1')).toBeNull()
    expect(targetUrl('http://example.com', values, null, ['https', 'market', 'intent'])).toBeNull()
  })

  it.each([
    ['https://example.com/', 'a=1&b=2', 'https://example.com/?a=1&b=2'],
    ['https://example.com/?x=1', 'a=1', 'https://example.com/?x=1&a=1'],
    ['https://example.com/?', 'a=1', 'https://example.com/?a=1'],
    ['https://example.com/?x=1&', 'a=1', 'https://example.com/?x=1&a=1'],
    ['https://example.com/?x=1#part', 'a=1', 'https://example.com/?x=1&a=1#part'],
    ['https://example.com/#part?x=1', 'x=2', 'https://example.com/?x=2#part?x=1'],
    ['https://example.com', 'a', 'https://example.com?a'],
    ['https://example.com/', '', 'https://example.com/'],
    ['https://example.com/', '&&', 'https://example.com/'],
    ['https://example.com/', 'a={city}', 'https://example.com/?a=%7Bcity%7D'],
    ['https://example.com/', 'a=%0d%0aX&b=\xe9', 'https://example.com/?a=%0d%0aX&b=%E9'],
    ['https://example.com/', 'a=1;b=2', 'https://example.com/?a=1%3Bb=2'],
  ])('%s passes on %s as %s', (longUrl, query, location) => {
    expect(targetUrl(longUrl, values, query)).toBe(location)
  })

  it.each(['next=/evil', 'next[]=/evil', 'ne%78t=/evil', 'next%5B0%5D=x', '+next=x', 'NEXT=x', 'next'])(
    'keeps its own parameter, whatever the short URL says: %s',
    (query) => {
      expect(targetUrl('https://example.com/?next=/home', values, `${query}&a=1`)).toBe(
        'https://example.com/?next=/home&a=1',
      )
    },
  )

  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '//evil.example',
          '@evil.example',
          '.evil.example',
          '\\',
          '\r\n',
          '\t',
          '..',
          '/',
          '?',
          '#',
          ':',
          '@',
          '%2f',
          '{host}',
        ),
        fc.string({ unit: 'binary', maxLength: 4 }),
      ),
      { maxLength: 4 },
    )
    .map((pieces) => pieces.join(''))
  const piece = fc.constantFrom(
    ...['/', '\\', '@', ':', '?', '#', '.', '\t', '\n', ' ', 'x', '[', ']', 'ü', '%'],
    ...['example.com', 'shop', '{user_agent}', '{{user_agent}}', '{host}', '{browser_lang}.', '{', '}'],
  )
  const stored = fc.array(piece, { maxLength: 12 }).map((pieces) => `https:/${pieces.join('')}`)

  it('is a header that holds no second one, and leads where the owner said, whatever visitors send', () => {
    const domain = (location: string | null) =>
      location !== null && URL.canParse(location) ? new URL(location).hostname.split('.').slice(-2).join('.') : null
    fc.assert(
      fc.property(
        stored,
        hostile,
        hostile,
        hostile,
        fc.option(hostile),
        (longUrl, user_agent, host, browser_lang, query) => {
          const location = targetUrl(longUrl, { user_agent, host, browser_lang }, query)
          if (location === null) return
          expect(location).toMatch(/^https:[\x21-\x7e]+$/)
          const harmless = targetUrl(longUrl, { user_agent: 'x', host: 'x', browser_lang: 'x' }, null)
          if (domain(location) !== null) expect(domain(location)).toBe(domain(harmless))
        },
      ),
      { numRuns: 5000 },
    )
  })
})
