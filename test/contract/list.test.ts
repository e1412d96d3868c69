import { describe } from 'vitest'
import { headOf, invalid, missing, onePage, shown, unchanged } from './answers.js'
import { json } from './bodies.js'
import { foreignLink, link, shownLink } from './given.js'
import { contract } from './site.js'

const answers = contract()

const given = [
  link(1, { title: 'Autumn 100%', longUrl: 'https://example.com/?a=1&b=2', webhookId: 'w-1' }),
  link(2, { title: 'autumn sale', isAdvanced: true, tags: ['sale'] }),
  link(3, { status: 0, visits: 7, lastVisited: new Date('2022-10-27T00:00:00Z'), tags: ['sale', 'old'] }),
  foreignLink(4),
]
const one = shownLink(1, { title: 'Autumn 100%', long_url: 'https://example.com/?a=1&b=2', webhook_id: 'w-1' })
const two = shownLink(2, { title: 'autumn sale', is_advanced: 1 })
const three = shownLink(3, { status: 0, visits: 7, last_visited: '2022-10-27 00:00:00' })

describe('the list of links', () => {
  answers('newest first', 'GET /link/urls', { given }, shown('OK', [three, two, one], onePage('/link/urls', 3)))
  answers('empty', 'GET /link/urls', { given: [foreignLink(4)] }, shown('OK', [], onePage('/link/urls', 0)))
  for (const path of ['/link/urls', '/api/v2/link/urls', '/api/v2/api/v2/link/urls']) {
    answers('names its own address', `GET ${path}`, { given }, shown('OK', [three, two, one], onePage(path, 3)))
    answers('a slash behind it', `GET ${path}/`, { given }, shown('OK', [three, two, one], onePage(path, 3)))
    answers(
      'doubled slashes',
      `GET ${path.replaceAll('/', '//')}//`,
      { given },
      {
        ...shown('OK', [three, two, one], onePage(path, 3)),
      },
    )
  }
  answers(
    'a whole address',
    'GET http://elsewhere.example/api/v2/link/urls',
    { given: [given[0] ?? link(1)] },
    {
      ...shown('OK', [one], onePage('/api/v2/link/urls', 1)),
    },
  )
  answers(
    'JSON, whatever is accepted',
    'GET /link/urls',
    { given, headers: { accept: 'text/html,application/xml' } },
    {
      ...shown('OK', [three, two, one], onePage('/link/urls', 3)),
    },
  )
  answers(
    'its body is ignored',
    'GET /link/urls',
    { given, body: json({ filter: { id: 1 } }) },
    {
      ...shown('OK', [three, two, one], onePage('/link/urls', 3)),
    },
  )
  answers('its head', 'HEAD /link/urls', { given }, headOf(shown('OK', [])))
  answers('known already', 'GET /link/urls', { given, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'with settings',
    'GET /link/urls?include=settings',
    { given: [link(1, { tags: ['a'], maxVisits: 5n })] },
    {
      ...shown(
        'OK',
        [
          shownLink(1, {
            ...{
              expires_at: null,
              max_visits: 5,
              fallback_url: null,
              retention_days: null,
              redirect_status: 302,
              forward_query: 0,
              tags: ['a'],
              rules: [],
            },
          }),
        ],
        onePage('/link/urls', 1, 'include=settings&'),
      ),
    },
  )
})

describe('filters of the list', () => {
  const finds = (query: string, links: object[], carried = query) =>
    answers(
      query === '' ? 'all' : query,
      `GET /link/urls?${query}`,
      { given },
      {
        ...shown('OK', links, onePage('/link/urls', links.length, carried === '' ? '' : `${carried}&`)),
      },
    )
  finds('filter[id]=2', [two], 'filter%5Bid%5D=2')
  finds('filter%5Bid%5D=1,3', [three, one], 'filter%5Bid%5D=1%2C3')
  finds('filter[id]=999', [], 'filter%5Bid%5D=999')
  finds('filter[id]=4', [], 'filter%5Bid%5D=4')
  finds('filter[title]=AUTUMN', [two, one], 'filter%5Btitle%5D=AUTUMN')
  finds('filter[title]=100%25', [one], 'filter%5Btitle%5D=100%25')
  finds('filter[title]=_', [], 'filter%5Btitle%5D=_')
  finds(
    'filter[long_url]=https://example.com/?a=1%26b=2',
    [one],
    'filter%5Blong_url%5D=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D2',
  )
  finds('filter[long_url]=https://example.com/', [], 'filter%5Blong_url%5D=https%3A%2F%2Fexample.com%2F')
  finds('filter[webhook_id]=w-1', [one], 'filter%5Bwebhook_id%5D=w-1')
  finds('filter[is_advanced]=1', [two], 'filter%5Bis_advanced%5D=1')
  finds('filter[is_advanced]=0', [three, one], 'filter%5Bis_advanced%5D=0')
  finds('filter[status]=0', [three], 'filter%5Bstatus%5D=0')
  finds('filter[status]=1&filter[title]=sale', [two], 'filter%5Bstatus%5D=1&filter%5Btitle%5D=sale')
  finds('filter[tag]=old,new', [three], 'filter%5Btag%5D=old%2Cnew')
  finds('filter[title]=', [three, two, one], '')
  finds('search=a%3D1', [one], 'search=a%3D1')
  finds('search=<token 2>', [two])
})

describe('filters that are none', () => {
  const refuses = (query: string, errors: Record<string, string>) =>
    answers(query, `GET /link/urls?${query}`, { given }, invalid(errors))
  const names = 'There are id, title, long_url, webhook_id, is_advanced, status, tag.'
  refuses('filter=x', { filter: `Filters are written filter[name]. ${names}` })
  refuses('filter[name]=x', { 'filter.name': `There is no such filter. ${names}` })
  refuses('filter[id]=x', { 'filter.id': 'The filter id takes the id of a link, or up to 100 of them with commas.' })
  refuses('filter[id][]=1', { 'filter.id': 'The filter id takes the id of a link, or up to 100 of them with commas.' })
  refuses('filter[status]=2', { 'filter.status': 'The filter status must be 0 or 1.' })
  refuses('filter[is_advanced]=yes', { 'filter.is_advanced': 'The filter is_advanced must be 0 or 1.' })
  refuses(`filter[title]=${'x'.repeat(256)}`, {
    'filter.title': 'The filter title takes a text of up to 255 characters.',
  })
  refuses('filter[status]=2&filter[id]=x&per_page=0', {
    per_page: 'The per page field must be a number between 1 and 100.',
    'filter.id': 'The filter id takes the id of a link, or up to 100 of them with commas.',
    'filter.status': 'The filter status must be 0 or 1.',
  })
  for (const perPage of ['0', '101', '-1', 'x', '1.5', '015']) {
    refuses(`per_page=${perPage}`, { per_page: 'The per page field must be a number between 1 and 100.' })
  }
  refuses('per_page[]=5', { per_page: 'The per page field must be a number between 1 and 100.' })
  refuses('include=all', { include: 'The include field must be settings.' })
})

describe('a link', () => {
  answers('with the types of a list', 'GET /link/urls/3', { given }, shown('OK', three))
  answers('its other flags', 'GET /link/urls/2', { given }, shown('OK', two))
  answers(
    'with settings',
    'GET /link/urls/3?include=settings',
    { given },
    {
      ...shown('OK', {
        ...three,
        ...{
          expires_at: null,
          max_visits: null,
          fallback_url: null,
          retention_days: null,
          redirect_status: 302,
          forward_query: 0,
          tags: ['sale', 'old'],
          rules: [],
        },
      }),
    },
  )
  for (const path of ['/link/urls/3/', '//link//urls//3//', '/api/v2/link/urls/3', '/api/v2/api/v2/link/urls/3/']) {
    answers('here too', `GET ${path}`, { given }, shown('OK', three))
    answers('its head', `HEAD ${path}`, { given }, headOf(shown('OK', three)))
  }
  answers('known already', 'GET /link/urls/3', { given, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'not known in this form',
    'GET /link/urls/3',
    { given, headers: { 'if-none-match': '"x"' } },
    shown('OK', three),
  )
  answers(
    'settings that are none',
    'GET /link/urls/3?include=x',
    { given },
    {
      ...invalid({ include: 'The include field must be settings.' }),
    },
  )
  answers('no link', 'GET /link/urls/5', { given }, missing)
  answers("another owner's", 'GET /link/urls/4', { given }, missing)
  for (const id of [
    '0',
    '03',
    '-3',
    '3.0',
    'x',
    '9007199254740993',
    '3%00',
    "3'--",
    '%F0%9F%98%80',
    'x'.repeat(3000),
  ]) {
    answers('no number of a link', `GET /link/urls/${id}`, { given }, missing)
  }
})
