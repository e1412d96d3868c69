import { readFileSync } from 'node:fs'
import { describe } from 'vitest'
import { headOf, invalid, missing, ok, onePage, shown, unchanged, withHeaders } from './answers.js'
import { json } from './bodies.js'
import { foreignLink, link, recipients, shownVisit, visits } from './given.js'
import { contract } from './site.js'

const answers = contract()
const path = '/link/urls/20/visits'

/** The documented answer, whole, of this owner and with its own ids. */
const documented = JSON.parse(
  readFileSync(new URL('../fixtures/visits-page.json', import.meta.url), 'utf8')
    .replaceAll('{endpoint}', 'https://api.example.com/')
    .replaceAll('"26"', '"<owner>"')
    .replaceAll('JFlCjw', '<token r1>'),
)
const ids = { id: documented.data[0].id, visitId: documented.data[0].visit_id }

const place = {
  ...{ country: 'India', countryCode: 'IN', region: 'Haryana', city: 'Gurugram', zipcode: '122001' },
  ...{ latitude: '28.4595', longitude: '77.0266', timezone: 'Asia/Kolkata' },
}
const given = [
  link(20),
  recipients(20, '919019955123', '447700900123'),
  visits(20, 1, {}, { recipientId: 1, createdAt: new Date('2022-11-01T00:00:00Z') }),
  visits(20, 3, { place, clientIp: '106.202.140.165', scheme: 'https', host: 's.example.com', queryString: 'a=1&b' }),
  visits(20, 4, { isBot: true, recipientId: 2, browserLang: null, options: { a: 1 } }),
]
const one = shownVisit(1, 20)
const ofFirst = { created_at: '2022-11-01 00:00:00', token: '<token r1>', message_id: '<token r1>' }
const two = shownVisit(2, 20, { ...ofFirst, mobile: '919019955***' })
const three = shownVisit(3, 20, {
  ...{ client_ip: '106.202.140.165', scheme: 'https', host: 's.example.com', query_string: 'a=1&b' },
  ...{ latitude: '28.4595', longitude: '77.0266', country: 'India', country_code: 'IN', region: 'Haryana' },
  ...{ city: 'Gurugram', zipcode: '122001', timezone: 'Asia/Kolkata' },
})
const four = shownVisit(4, 20, {
  ...{ browser_lang: '', options: { a: 1 }, token: '<token r2>', message_id: '<token r2>', mobile: '447700900***' },
})
const all = [four, three, two, one]

const page = (items: object[], query = '', at = path) => shown('Visits', items, onePage(at, items.length, query))

describe('the visits of a link', () => {
  answers(
    'the documented answer',
    `GET ${path}`,
    { given: [link(20), recipients(20, '9019955123'), visits(20, 1, { ...ids, recipientId: 1 })] },
    {
      ...page([]),
      body: documented,
    },
  )
  answers('newest first, what is unknown null or empty', `GET ${path}`, { given }, page(all))
  answers(
    'whole numbers for who may see them',
    `GET ${path}`,
    { given, as: 'visits:read visits:pii' },
    {
      ...page([{ ...four, mobile: '447700900123' }, three, { ...two, mobile: '919019955123' }, one]),
    },
  )
  answers('none yet', `GET ${path}`, { given: [link(20)] }, page([]))
  for (const at of [path, `/api/v2${path}`, `/api/v2/api/v2${path}`]) {
    answers('here too', `GET ${at}`, { given }, page(all, '', at))
    answers('with a slash', `GET ${at}/`, { given }, page(all, '', at))
    answers('with doubled slashes', `GET ${at.replaceAll('/', '//')}//`, { given }, page(all, '', at))
    answers('its head', `HEAD ${at}`, { given }, headOf(page([])))
  }
  answers('its body is ignored', `GET ${path}`, { given, body: json({ filter: { browser: 'x' } }) }, page(all))
  answers('known already', `GET ${path}`, { given, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'the second of two pages',
    `GET ${path}?per_page=3&page=2`,
    { given },
    {
      ...shown('Visits', [one], {
        links: {
          first: `https://api.example.com${path}?per_page=3&page=1`,
          last: `https://api.example.com${path}?per_page=3&page=2`,
          prev: `https://api.example.com${path}?per_page=3&page=1`,
          next: null,
        },
        meta: {
          ...{ current_page: 2, from: 4, last_page: 2 },
          links: [
            { url: `https://api.example.com${path}?per_page=3&page=1`, label: '« Previous', active: false },
            { url: `https://api.example.com${path}?per_page=3&page=1`, label: '1', active: false },
            { url: `https://api.example.com${path}?per_page=3&page=2`, label: '2', active: true },
            { url: null, label: 'Next »', active: false },
          ],
          ...{ path: `https://api.example.com${path}`, per_page: 3, to: 4, total: 4 },
        },
      }),
    },
  )
  answers('no link', 'GET /link/urls/21/visits', { given }, missing)
  answers("another owner's link", 'GET /link/urls/21/visits', { given: [...given, foreignLink(21)] }, missing)
  answers('no number of a link', 'GET /link/urls/x/visits', { given }, missing)
})

describe('which visits', () => {
  const finds = (query: string, items: object[], carried: string) =>
    answers(query, `GET ${path}?${query}`, { given }, page(items, `${carried}&`))
  finds('filter[browser]=Chrome', all, 'filter%5Bbrowser%5D=Chrome')
  finds('filter[browser]=-Chrome', [], 'filter%5Bbrowser%5D=-Chrome')
  finds('filter[platform]=Mac,iOS', all, 'filter%5Bplatform%5D=Mac%2CiOS')
  finds('filter[device_type]=smartphone', [], 'filter%5Bdevice_type%5D=smartphone')
  finds('filter[country_code]=in', [three], 'filter%5Bcountry_code%5D=in')
  finds('filter[city]=Gurugram', [three], 'filter%5Bcity%5D=Gurugram')
  finds('filter[client_ip]=106.202.140.165', [three], 'filter%5Bclient_ip%5D=106.202.140.165')
  finds('filter[token]=<token r1>', [two], 'filter%5Btoken%5D=<token r1>')
  finds('from=2022-11-01', [two], 'from=2022-11-01')
  finds('to=2022-11-01T00:00:00Z', [four, three, one], 'to=2022-11-01T00%3A00%3A00Z')
  finds('date[created_at]=Nov%201,%202022', [two], 'date%5Bcreated_at%5D=Nov%201%2C%202022')
  finds('bots=exclude', [three, two, one], 'bots=exclude')
  finds('bots=only', [four], 'bots=only')
  finds('sort=created_at', [one, three, four, two], 'sort=created_at')
  finds('as_of=2', [two, one], 'as_of=2')
  finds('as_of=now', all, 'as_of=4')
  finds('colour=red', all, 'colour=red')
})

describe('questions about visits that are none', () => {
  const refuses = (query: string, errors: Record<string, string>) =>
    answers(query, `GET ${path}?${query}`, { given }, invalid(errors))
  const names =
    'There are browser, platform, device_type, device_brand, country_code, region, city, browser_lang, host, token, message_id, mobile, client_ip, suspect.'
  const instant =
    'The field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31 or 2026-01-31T12:00:00+01:00.'
  refuses('per_page=0', { per_page: 'The per page field must be a number between 1 and 100.' })
  refuses('per_page=101', { per_page: 'The per page field must be a number between 1 and 100.' })
  refuses('filter=x', { filter: `Filters are written filter[name]. ${names}` })
  refuses('filter[colour]=red', { 'filter.colour': `There is no filter colour. ${names}` })
  refuses('filter[browser]=', { 'filter.browser': 'The filter browser must have a value.' })
  refuses('filter[client_ip]=x', { 'filter.client_ip': 'The filter client_ip takes IP addresses.' })
  refuses('filter[country_code]=IND', {
    'filter.country_code': 'The filter country_code takes two letters of ISO 3166-1, such as IN.',
  })
  refuses('from=yesterday', { from: instant })
  refuses('to=2022-13-01&from=x', { from: instant, to: instant })
  refuses('date=x', {
    date: 'The field must be [created_at] with a date or a range of dates, such as Jun 26, 2026 - Jun 28, 2026.',
  })
  refuses('bots=maybe', { bots: 'The bots field must be include, exclude or only.' })
  refuses('sort=browser', { sort: 'The sort field must be created_at or -created_at.' })
  refuses('as_of=-1', { as_of: 'The as of field must be now or the position of a visit.' })
})

describe('the feed', () => {
  const feed = (items: object[], at: string, query = 'limit=100') => {
    const next = `https://api.example.com${at}?${query}&cursor=<cursor>`
    return shown('Visits', items, {
      links: { first: null, last: null, prev: null, next },
      meta: {
        path: `https://api.example.com${at}`,
        per_page: 100,
        next_cursor: '<cursor>',
        prev_cursor: null,
        complete_through: '<moment>',
        erased: [],
      },
    })
  }
  for (const at of [`${path}/feed`, '/link/visits/feed', `/api/v2${path}/feed`]) {
    answers('in the order of recording', `GET ${at}`, { given }, feed([one, two, three, four], at))
    answers('its head', `HEAD ${at}`, { given }, headOf(feed([], at)))
  }
  answers('since a time', `GET ${path}/feed?since=2099-01-01`, { given }, feed([], `${path}/feed`))
  answers(
    'no cursor',
    `GET ${path}/feed?cursor=x`,
    { given },
    {
      ...invalid({ cursor: 'The cursor field must be a cursor of this feed.' }),
    },
  )
  answers(
    'a filter',
    `GET ${path}/feed?filter[browser]=x`,
    { given },
    {
      ...invalid({ filter: 'A feed takes no filters: it has every visit.' }),
    },
  )
  answers('no link', 'GET /link/urls/21/visits/feed', { given }, missing)
})

describe('the export', () => {
  const file = (body: string, type: string, ending: string) => ({
    ...withHeaders(ok('', []), {
      'content-type': type,
      'content-disposition': `attachment; filename="visits-20.${ending}"`,
      'cache-control': 'private, no-store',
    }),
    body,
  })
  const lines = [one, two, three, four].map((visit) => `${JSON.stringify(visit)}\n`).join('')
  answers('a line for each', `GET ${path}/export`, { given }, file(lines, 'application/x-ndjson', 'ndjson'))
  answers(
    'those that are wanted',
    `GET ${path}/export?filter[city]=Gurugram`,
    { given },
    {
      ...file(`${JSON.stringify(three)}\n`, 'application/x-ndjson', 'ndjson'),
    },
  )
  answers(
    'an empty table',
    `GET ${path}/export?format=csv`,
    { given: [link(20)] },
    {
      ...file(`${Object.keys(one).join(',')}\r\n`, 'text/csv; charset=utf-8', 'csv'),
    },
  )
  answers(
    'its head',
    `HEAD ${path}/export?format=parquet`,
    { given },
    file('', 'application/vnd.apache.parquet', 'parquet'),
  )
  answers(
    'another format',
    `GET ${path}/export?format=xlsx`,
    { given },
    {
      ...invalid({ format: 'The format field must be ndjson, csv or parquet.' }),
    },
  )
  answers('no link', 'GET /link/urls/21/visits/export', { given }, missing)
})
