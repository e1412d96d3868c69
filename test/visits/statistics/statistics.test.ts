import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../../src/visits/append.js'
import { openApp, type TestApp } from '../../support/app.js'
import { chromeOnMac, localhost, newVisit, storeLink, storeRecipients } from '../../support/visits.js'

let site: TestApp

const safari = { ...chromeOnMac, browser: 'Safari' }
const gurugram = { ...localhost, countryCode: 'IN', region: 'Haryana', city: 'Gurugram' }

/** Link 21 with five visits, of which a bot's and two of one person with one recipient; link 22 with one, and 23 without any. */
beforeAll(async () => {
  site = await openApp({ env: { TZ_OUTPUT: 'Europe/Berlin' } })
  await storeLink(site.db, 26, 21, { title: 'Autumn' })
  await storeLink(site.db, 26, 22, { title: 'Winter' })
  await storeLink(site.db, 26, 23)
  await storeRecipients(site.db, 26, 21, ['4477009001', '4477009002', '4477009003'])
  const at = (time: string) => ({ createdAt: new Date(time) })
  await appendVisits(site.db, 26, [
    newVisit(21, { ...at('2026-10-24T22:30:00Z'), recipientId: 1 }),
    newVisit(21, { ...at('2026-10-25T00:30:00Z'), recipientId: 1 }),
    newVisit(21, { ...at('2026-10-25T01:30:00Z'), userAgent: safari, place: gurugram, recipientId: 2 }),
    newVisit(21, { ...at('2026-10-25T22:59:59.999Z'), userAgent: safari, place: null, recipientId: 3, isBot: true }),
    newVisit(21, { ...at('2026-10-27T12:00:00Z'), clientIp: '10.0.0.1', host: 'go.example.com' }),
    newVisit(22, { ...at('2026-11-02T12:00:00Z'), userAgent: safari }),
  ])
})
afterAll(() => site?.close())

const read = (path: string, scope?: string, owner = 26) =>
  site.app.inject({ url: `/link/${path}`, headers: site.as(owner, scope) })
const ofLink = async (query: string) => {
  const answer = await read(`urls/21/visits/stats?${query}`)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json().data
}
const ofAccount = async (query: string) => (await read(`visits/stats?${query}`)).json().data

describe('totals', () => {
  it('are all there is to say when nothing is asked', async () => {
    const answer = await read('urls/21/visits/stats')
    expect(answer.body).toBe(
      '{"status":"OK","code":200,"message":"Statistics","data":{"totals":{"visits":5,"people":4,"bots":1,"suspected":0,' +
        '"unique_visitors":3,"recipients_reached":2,"recipients_sent":3},"series":null,"groups":null,"other":null}}',
    )
  })

  it('of the account are those of all its links', async () => {
    expect((await ofAccount('')).totals).toEqual({
      visits: 6,
      people: 5,
      bots: 1,
      suspected: 0,
      unique_visitors: 3,
      recipients_reached: 2,
      recipients_sent: 3,
    })
  })

  it('count what is suspected among people, everywhere beside people and bots, and under its filter', async () => {
    const at = (time: string) => ({ createdAt: new Date(time) })
    const suspect = { options: { suspect: 'network' } }
    await storeLink(site.db, 28, 31)
    await appendVisits(site.db, 28, [
      newVisit(31, { ...at('2026-10-24T10:00:00Z'), ...suspect }),
      newVisit(31, { ...at('2026-10-25T10:00:00Z'), ...suspect, userAgent: safari, clientIp: '10.0.0.2' }),
      newVisit(31, { ...at('2026-10-25T11:00:00Z'), userAgent: safari }),
      newVisit(31, { ...at('2026-10-25T12:00:00Z'), ...suspect, userAgent: safari, isBot: true }),
      newVisit(31, { ...at('2026-10-25T13:00:00Z'), options: { suspect: 'something else' } }),
    ])
    const ask = async (query: string) => (await read(`urls/31/visits/stats?${query}`, undefined, 28)).json().data
    const { totals, series, groups, other } = await ask('interval=day&group_by=browser&top=1')
    expect(totals).toMatchObject({ visits: 5, people: 4, bots: 1, suspected: 2 })
    expect(series.map(({ suspected }: { suspected: number }) => suspected)).toEqual([1, 1])
    expect(groups).toEqual([{ browser: 'Safari', visits: 3, people: 2, bots: 1, suspected: 1 }])
    expect(other).toEqual({ groups: 1, visits: 2, people: 2, bots: 0, suspected: 1 })
    expect((await ask('group_by=weekday,browser')).groups).toContainEqual({
      ...{ weekday: 7, browser: 'Safari', visits: 3, people: 2, bots: 1, suspected: 1 },
    })
    expect((await ask('filter[suspect]=network')).totals).toMatchObject({ visits: 2, suspected: 2, unique_visitors: 2 })
    expect((await ask('filter[suspect]=-network')).totals).toMatchObject({
      visits: 3,
      people: 2,
      bots: 1,
      suspected: 0,
    })
    expect((await ask('bots=only')).totals).toMatchObject({ visits: 1, suspected: 0 })
  })

  it('of a range have the recipients whom it has a visit of, and all that there are', async () => {
    const { totals } = await ofLink('from=2026-10-25T02:30:00&to=2026-10-26')
    expect(totals).toMatchObject({
      visits: 2,
      people: 1,
      bots: 1,
      suspected: 0,
      recipients_reached: 1,
      recipients_sent: 3,
    })
  })

  it('are zero for a link without visits', async () => {
    const { data } = (await read('urls/23/visits/stats?interval=day&group_by=browser')).json()
    const nothing = {
      visits: 0,
      people: 0,
      bots: 0,
      suspected: 0,
      unique_visitors: 0,
      recipients_reached: 0,
      recipients_sent: 0,
    }
    expect(data).toEqual({ totals: nothing, series: [], groups: [], other: null })
  })
})

describe('a series', () => {
  it('has days of 23 to 25 hours, and empty ones, in the zone of the server', async () => {
    expect((await ofLink('interval=day')).series).toEqual([
      { start: '2026-10-25T00:00:00+02:00', visits: 4, people: 3, bots: 1, suspected: 0 },
      { start: '2026-10-26T00:00:00+01:00', visits: 0, people: 0, bots: 0, suspected: 0 },
      { start: '2026-10-27T00:00:00+01:00', visits: 1, people: 1, bots: 0, suspected: 0 },
    ])
  })

  it('has the hour that is there twice twice', async () => {
    const { series } = await ofLink('interval=hour&from=2026-10-25T00:00:00&to=2026-10-25T04:00:00')
    expect(series.map(({ start, visits }: { start: string; visits: number }) => [start, visits])).toEqual([
      ['2026-10-25T00:00:00+02:00', 1],
      ['2026-10-25T01:00:00+02:00', 0],
      ['2026-10-25T02:00:00+02:00', 1],
      ['2026-10-25T02:00:00+01:00', 1],
      ['2026-10-25T03:00:00+01:00', 0],
    ])
  })

  it('has weeks that begin on Monday, in the zone that is asked for', async () => {
    const { series } = await ofLink('interval=week&timezone=Asia/Kathmandu')
    expect(series).toEqual([
      { start: '2026-10-19T00:00:00+05:45', visits: 3, people: 3, bots: 0, suspected: 0 },
      { start: '2026-10-26T00:00:00+05:45', visits: 2, people: 1, bots: 1, suspected: 0 },
    ])
  })

  it.each(['Asia/Katmandu', 'aSIA/kATHMANDU'])('is the same by another name of its zone: %s', async (zone) => {
    expect(await ofLink(`interval=week&timezone=${zone}`)).toEqual(
      await ofLink('interval=week&timezone=Asia/Kathmandu'),
    )
  })

  it.each(['UTC', 'Asia/Kolkata', 'America/New_York'])('may be asked for to the end of all years: %s', async (zone) => {
    for (const to of ['9999-12-31', '9999-12-31 23:59:59']) {
      const { totals } = await ofLink(`from=2026-10-27&to=${to}&timezone=${zone}`)
      expect(totals.visits).toBe(1)
      const answer = await read(`urls/21/visits/stats?interval=month&from=2026-10-27&to=${to}&timezone=${zone}`)
      expect(answer.json().errors).toEqual({ interval: [expect.stringContaining('more than 2000 buckets')] })
    }
  })

  it('covers what was asked for, visits or none', async () => {
    const { series } = await ofLink('interval=month&from=2026-09-15&to=2026-12-01')
    expect(series.map(({ start, visits }: { start: string; visits: number }) => [start, visits])).toEqual([
      ['2026-09-01T00:00:00+02:00', 0],
      ['2026-10-01T00:00:00+02:00', 5],
      ['2026-11-01T00:00:00+01:00', 0],
    ])
  })
})

describe('groups', () => {
  it('come with most visits first, then by value, and what is not known last', async () => {
    expect((await ofLink('group_by=browser')).groups).toEqual([
      { browser: 'Chrome', visits: 3, people: 3, bots: 0, suspected: 0 },
      { browser: 'Safari', visits: 2, people: 1, bots: 1, suspected: 0 },
    ])
    expect((await ofLink('group_by=country_code')).groups).toEqual([
      { country_code: null, visits: 4, people: 3, bots: 1, suspected: 0 },
      { country_code: 'IN', visits: 1, people: 1, bots: 0, suspected: 0 },
    ])
    const { groups } = await ofLink('group_by=city&from=2026-10-25T02:30:00%2B01:00&to=2026-10-26')
    expect(groups.map(({ city }: { city: string | null }) => city)).toEqual(['Gurugram', null])
  })

  it('by two fields have both, in the order asked for', async () => {
    const { groups, other } = await ofLink('group_by=city,browser&top=2')
    expect(JSON.stringify(groups)).toBe(
      '[{"city":"localhost","browser":"Chrome","visits":3,"people":3,"bots":0,"suspected":0},{"city":"Gurugram","browser":"Safari","visits":1,"people":1,"bots":0,"suspected":0}]',
    )
    expect(other).toEqual({ groups: 1, visits: 1, people: 0, bots: 1, suspected: 0 })
  })

  it('by weekday and hour are a whole heat map, whatever top says', async () => {
    const { groups, other } = await ofLink('group_by=weekday,hour&top=1')
    expect(groups).toHaveLength(168)
    expect(groups[6 * 24 + 2]).toEqual({ weekday: 7, hour: 2, visits: 2, people: 2, bots: 0, suspected: 0 })
    expect(groups[24 + 13]).toEqual({ weekday: 2, hour: 13, visits: 1, people: 1, bots: 0, suspected: 0 })
    expect(other).toBeNull()
    const hours = (await ofLink('group_by=hour&from=2030-01-01&to=2030-01-02')).groups
    expect(hours.map(({ hour }: { hour: number }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour))
  })

  it('by a time and something else have all times for each of the top', async () => {
    const { groups, other } = await ofLink('group_by=weekday,browser&top=1')
    expect(groups.map(({ weekday, browser, visits }: Record<string, unknown>) => [weekday, browser, visits])).toEqual(
      [0, 1, 0, 0, 0, 0, 2].map((visits, day) => [day + 1, 'Chrome', visits]),
    )
    expect(other).toEqual({ groups: 1, visits: 2, people: 1, bots: 1, suspected: 0 })
  })

  it('by link have its number and title', async () => {
    expect((await ofAccount('group_by=link')).groups).toEqual([
      { link: 21, title: 'Autumn', visits: 5, people: 4, bots: 1, suspected: 0 },
      { link: 22, title: 'Winter', visits: 1, people: 1, bots: 0, suspected: 0 },
    ])
  })

  it('take every filter of the list', async () => {
    const { totals, groups } = await ofAccount('group_by=link,browser&filter[browser]=-Chrome&bots=exclude')
    expect(totals).toMatchObject({ visits: 2, people: 2, bots: 0, suspected: 0 })
    expect(groups).toEqual([
      { link: 21, browser: 'Safari', title: 'Autumn', visits: 1, people: 1, bots: 0, suspected: 0 },
      { link: 22, browser: 'Safari', title: 'Winter', visits: 1, people: 1, bots: 0, suspected: 0 },
    ])
    expect((await ofLink('filter[token]=r21x1')).totals).toMatchObject({ visits: 2, unique_visitors: 1 })
    expect((await ofLink('filter[client_ip]=-127.0.0.1')).totals).toMatchObject({ visits: 1 })
    expect((await ofLink('filter[message_id]=r21x1,r21x2')).totals).toMatchObject({ visits: 3 })
  })
})

it('is not there for a link that is missing, foreign or deleted, and leaves its visits out of the account', async () => {
  await storeLink(site.db, 27, 24)
  await appendVisits(site.db, 27, [newVisit(24)])
  expect((await read('urls/24/visits/stats')).statusCode).toBe(404)
  expect((await read('urls/99/visits/stats')).json()).toEqual((await read('urls/24/visits/stats')).json())
  expect((await read('visits/stats', undefined, 27)).json().data.totals.visits).toBe(1)
  const gone = await site.app.inject({ method: 'DELETE', url: '/link/urls/24', headers: site.as(27) })
  expect(gone.statusCode).toBe(200)
  expect((await read('urls/24/visits/stats', undefined, 27)).statusCode).toBe(404)
  expect((await read('visits/stats?group_by=link', undefined, 27)).json().data).toMatchObject({
    totals: { visits: 0, recipients_sent: 0 },
    groups: [],
  })
  expect((await read('visits/stats', undefined, 12345)).json().data.totals.visits).toBe(0)
})

it('needs the scope visits:read, and visits:pii to look for a number', async () => {
  expect((await read('urls/21/visits/stats', 'links:read')).statusCode).toBe(403)
  expect((await read('urls/21/visits/stats?filter[mobile]=4477009001', 'visits:read')).statusCode).toBe(403)
  const { data } = (await read('urls/21/visits/stats?filter[mobile]=4477009001', 'visits:read visits:pii')).json()
  expect(data.totals.visits).toBe(2)
  expect((await read('visits/stats?filter[mobile]=4477009001', 'visits:read visits:pii')).json().data).toEqual(data)
})

it('has a tag that changes when the answer does', async () => {
  const first = await read('urls/21/visits/stats?to=2026-11-01')
  expect(first.headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: 'Authorization' })
  const again = () =>
    site.app.inject({
      url: '/link/urls/21/visits/stats?to=2026-11-01',
      headers: { ...site.as(26), 'if-none-match': String(first.headers.etag) },
    })
  expect(await again()).toMatchObject({ statusCode: 304, body: '' })
  await appendVisits(site.db, 26, [newVisit(21, { createdAt: new Date('2026-11-01T12:00:00Z') })])
  expect((await again()).statusCode).toBe(304)
  await appendVisits(site.db, 26, [newVisit(21, { createdAt: new Date('2026-10-31T12:00:00Z') })])
  expect((await again()).statusCode).toBe(200)
})

const fields =
  'browser, platform, device_type, device_brand, country_code, region, city, browser_lang, host, weekday, hour'

it.each([
  ['interval=year', 'interval', 'The interval field must be hour, day, week, month.'],
  ['timezone=Mars/Olympus', 'timezone', 'The timezone field must be an IANA time zone, such as Europe/Berlin.'],
  ['timezone=', 'timezone', 'The timezone field must be an IANA time zone, such as Europe/Berlin.'],
  ['group_by=colour', 'group_by', `The group by field must be one or two of ${fields}.`],
  ['group_by=browser,browser', 'group_by', `The group by field must be one or two of ${fields}.`],
  ['group_by=browser,city,host', 'group_by', `The group by field must be one or two of ${fields}.`],
  ['group_by=link', 'group_by', `The group by field must be one or two of ${fields}.`],
  ['top=0', 'top', 'The top field must be a number between 1 and 100.'],
  ['top=101', 'top', 'The top field must be a number between 1 and 100.'],
  ['sort=created_at', 'sort', 'Statistics have an order of their own.'],
  [
    'from=yesterday',
    'from',
    'The field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31 or 2026-01-31T12:00:00+01:00.',
  ],
  [
    'interval=hour&from=2020-01-01&to=2026-01-01',
    'interval',
    'The interval field would give more than 2000 buckets. Choose a longer interval or a shorter range.',
  ],
])('refuses %s', async (query, field, message) => {
  const answer = await read(`urls/21/visits/stats?${query}`)
  expect(answer.statusCode).toBe(422)
  expect(answer.json().errors).toEqual({ [field]: [message] })
})

it('refuses a filter that there is not', async () => {
  const { errors } = (await read('visits/stats?filter[colour]=red')).json()
  expect(Object.keys(errors)).toEqual(['filter.colour'])
})
