import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const target = 'https://example.com/'

function create(payload: object | string, type = 'application/json') {
  const headers = { ...site.as(26), 'content-type': type }
  return site.app.inject({ method: 'POST', url: '/link/urls?include=settings', payload, headers })
}

const errorsOf = async (rules: unknown) => (await create({ long_url: target, rules })).json().errors

const deviceTypes =
  'The device type field must be one of desktop, smartphone, tablet, feature phone, phablet, console, tv, car browser, smart display, camera, portable media player, smart speaker, wearable, peripheral, or a list of up to 100.'
const countryCode = 'The country code field must be two letters (ISO 3166-1) such as IN, or a list of up to 100.'
const between = { from: '22:00', to: '04:00', timezone: 'Europe/Berlin' }

describe('rules of a link', () => {
  it('are stored as they are said, one value as a list of one, instants in UTC', async () => {
    const when = { country_code: 'IN', platform: ['iOS', 'Android'], weekday: ['6', 7], between, to: '2027-01-01' }
    const answer = await create({ long_url: target, rules: [{ when, long_url: 'https://example.com/{{city}?[' }] })
    expect(answer.json().data.rules).toEqual([
      {
        when: {
          country_code: ['IN'],
          platform: ['iOS', 'Android'],
          weekday: [6, 7],
          between,
          to: '2027-01-01T00:00:00.000Z',
        },
        long_url: 'https://example.com/{{city}?[',
      },
    ])
  })

  it('come in forms as well', async () => {
    const form = new URLSearchParams({
      long_url: target,
      'rules[0][when][weekday][]': '1',
      'rules[0][when][between][from]': '09:00',
      'rules[0][when][between][to]': '24:00',
      'rules[0][when][between][timezone]': 'UTC',
      'rules[0][when][country_code]': '',
      'rules[0][long_url]': 'https://example.com/monday',
    })
    const answer = await create(form.toString(), 'application/x-www-form-urlencoded')
    expect(answer.json().data.rules).toEqual([
      {
        when: { weekday: [1], between: { from: '09:00', to: '24:00', timezone: 'UTC' } },
        long_url: 'https://example.com/monday',
      },
    ])
  })

  it.each<[string, object, Record<string, string>]>([
    ['a country by its name', { country_code: 'India' }, { country_code: countryCode }],
    ['no country', { country_code: [] }, { country_code: countryCode }],
    ['a bad one of several', { country_code: ['IN', 'I'] }, { 'country_code.1': countryCode }],
    ['too many', { country_code: Array(101).fill('IN') }, { country_code: countryCode }],
    ['an unknown kind of device', { device_type: 'mobile' }, { device_type: deviceTypes }],
    ['an unknown condition', { country: 'IN' }, { country: 'There is no such condition.' }],
    [
      'a language with its region',
      { browser_lang: 'en-US' },
      {
        browser_lang:
          'The browser lang field must be a language as visits show it, such as en, or a list of up to 100.',
      },
    ],
    [
      'text that cannot be stored',
      { platform: 'i\u0000OS' },
      { platform: 'The platform field must be a name as visits show it, such as iOS, or a list of up to 100.' },
    ],
    [
      'no time',
      { from: 'soon' },
      { from: 'The from field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.' },
    ],
    [
      'an end before the beginning',
      { from: '2026-01-02', to: '2026-01-01T23:00:00-01:00' },
      { to: 'The to field must be later than from.' },
    ],
    [
      'no clock',
      { between: { ...between, from: '9:00', to: '24:01' } },
      {
        'between.from': 'The from field must be a time of day from 00:00 to 23:59.',
        'between.to': 'The to field must be a time of day from 00:00 to 24:00.',
      },
    ],
    [
      'an abbreviated zone',
      { between: { ...between, timezone: 'CET' } },
      { 'between.timezone': 'The timezone field must be an IANA time zone such as Europe/Berlin.' },
    ],
    [
      'a window of no length',
      { between: { ...between, to: '22:00' } },
      { 'between.to': 'The to field must differ from from; a whole day is from 00:00 to 24:00.' },
    ],
    [
      'a weekday of no zone',
      { weekday: 1 },
      { weekday: 'The weekday field needs between, whose time zone it is in; a whole day is from 00:00 to 24:00.' },
    ],
    [
      'an eighth day',
      { weekday: [8], between },
      { weekday: 'The weekday field must be 1 (Monday) to 7 (Sunday), or a list of up to 100.' },
    ],
  ])('are refused with the name of the field: %s', async (_, when, problems) => {
    const good = { when: { platform: 'iOS' }, long_url: target }
    const named = Object.entries(problems).map(([field, text]) => [`rules.1.when.${field}`, [text]])
    expect(await errorsOf([good, { when, long_url: target }])).toEqual(Object.fromEntries(named))
  })

  it('need a condition and a target that a link could have', async () => {
    const noCondition = 'The when field must have at least one condition.'
    expect(await errorsOf([{ when: {}, long_url: target }])).toEqual({ 'rules.0.when': [noCondition] })
    expect(await errorsOf([{ when: { platform: null }, long_url: target }])).toEqual({ 'rules.0.when': [noCondition] })
    expect(await errorsOf([{ when: { platform: 'iOS' } }, 1])).toEqual({
      'rules.0.long_url': ['The long url field is required.'],
      'rules.1': ['A rule must be an object with when and long_url.'],
    })
    expect(await errorsOf([{ long_url: 'javascript:alert(1)' }])).toEqual({
      'rules.0.when': ['The when field must be an object of conditions.'],
      'rules.0.long_url': ['The long url field must be a valid URL that begins with http:// or https://.'],
    })
  })

  it('are limited in number and length', async () => {
    const rule = (length: number) => ({ when: { platform: 'iOS' }, long_url: target.padEnd(length, 'x') })
    expect(await errorsOf(Array(50).fill(rule(20)))).toBeUndefined()
    expect(await errorsOf(Array(51).fill(rule(20)))).toEqual({
      rules: ['The rules field must not have more than 50 items.'],
    })
    expect(await errorsOf(Array(9).fill(rule(2048)))).toEqual({
      rules: ['The rules field must not be greater than 16384 characters as JSON.'],
    })
  })
})
