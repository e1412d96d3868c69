import { describe } from 'vitest'
import { type Answer, shown } from './answers.js'
import { link, shownLink } from './given.js'
import { contract } from './site.js'

const answers = contract()

interface Page {
  current: number | string
  last: number
  /** What stands in the window: numbers, null for a gap. */
  window: (number | null)[]
  perPage?: number
  total: number
  /** The ids that are shown, and the first one's number. */
  ids: number[]
  from?: number
  path?: string
  query?: string
}

/** A page of links as Laravel's paginator shows it (docs/api-contract.md section 3). */
function page({
  current,
  last,
  window,
  perPage = 15,
  total,
  ids,
  from,
  path = '/link/urls',
  query = '',
}: Page): Answer {
  const base = `https://api.example.com${path}`
  const url = (number: number | bigint) => `${base}?${query}page=${number}`
  const number = BigInt(current)
  const prev = number > 1n ? url(number - 1n) : null
  const next = number < last ? url(number + 1n) : null
  const first = ids.length === 0 ? null : (from ?? 1)
  return shown(
    'OK',
    ids.map((id) => shownLink(id)),
    {
      links: { first: url(1), last: url(last), prev, next },
      meta: {
        current_page: current,
        from: first,
        last_page: last,
        links: [
          { url: prev, label: '« Previous', active: false },
          ...window.map((n) =>
            n === null
              ? { url: null, label: '...', active: false }
              : { url: url(n), label: `${n}`, active: BigInt(n) === number },
          ),
          { url: next, label: 'Next »', active: false },
        ],
        path: base,
        per_page: perPage,
        to: first === null ? null : first + ids.length - 1,
        total,
      },
    },
  )
}

const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index)
const up = (from: number, to: number) => down(to, from).reverse()

function links(count: number) {
  return up(1, count).map((id) => link(id))
}

describe('pages of fifteen', () => {
  const given = links(16)
  const two = { last: 2, window: [1, 2], total: 16 }
  const first = page({ ...two, current: 1, ids: down(16, 2) })
  answers('the first', 'GET /link/urls', { given }, first)
  answers('the first, asked for', 'GET /link/urls?page=1', { given }, first)
  answers('the last', 'GET /link/urls?page=2', { given }, page({ ...two, current: 2, ids: [1], from: 16 }))
  answers('past the end', 'GET /link/urls?page=3', { given }, page({ ...two, current: 3, ids: [] }))
  answers(
    'far past the end',
    'GET /link/urls?page=9223372036854775807',
    { given },
    {
      ...page({ ...two, current: '9223372036854775807', ids: [] }),
    },
  )
  for (const bad of ['0', '-1', 'x', '1.5', '02', '', '%20', '1e3', '9223372036854775808', '0x2']) {
    answers('a bad number is the first', `GET /link/urls?page=${bad}`, { given }, first)
  }
  answers('a list of numbers is the first', 'GET /link/urls?page[]=2', { given }, first)
  answers('a sign', 'GET /link/urls?page=%2B2', { given }, page({ ...two, current: 2, ids: [1], from: 16 }))
  for (const path of ['/api/v2/link/urls', '/api/v2/api/v2/link/urls']) {
    answers(
      'under another name',
      `GET ${path}/?page=2`,
      { given },
      page({ ...two, current: 2, ids: [1], from: 16, path }),
    )
  }
})

describe('windows of numbers', () => {
  const given = links(20)
  const shows = (current: number, window: (number | null)[]) =>
    answers(
      `of 20, page ${current}`,
      `GET /link/urls?per_page=1&page=${current}`,
      { given },
      {
        ...page({
          ...{ current, last: 20, window, perPage: 1, total: 20, query: 'per_page=1&' },
          ...(current > 20 ? { ids: [] } : { ids: [21 - current], from: current }),
        }),
      },
    )
  for (const current of [1, 7]) shows(current, [...up(1, 10), null, 19, 20])
  for (const current of [8, 13]) shows(current, [1, 2, null, ...up(current - 3, current + 3), null, 19, 20])
  for (const current of [14, 20, 21]) shows(current, [1, 2, null, ...up(11, 20)])
  for (const [count, window] of [
    [13, up(1, 13)],
    [14, [...up(1, 10), null, 13, 14]],
  ] as const) {
    answers(
      `of ${count}`,
      'GET /link/urls?per_page=1',
      { given: links(count) },
      {
        ...page({
          current: 1,
          last: count,
          window: [...window],
          perPage: 1,
          total: count,
          ids: [count],
          query: 'per_page=1&',
        }),
      },
    )
  }
})

describe('what else was asked is carried', () => {
  const carries = (query: string, carried: string) =>
    answers(
      `as ${carried}`,
      `GET /link/urls?${query}`,
      { given: [link(1)] },
      {
        ...page({ current: 1, last: 1, window: [1], total: 1, ids: [1], query: carried === '' ? '' : `${carried}&` }),
      },
    )
  carries('page=1&b=2&a=1', 'b=2&a=1')
  carries('a=x%20y', 'a=x%20y')
  carries('a=x+y%2B', 'a=x%20y%2B')
  carries("a=!'()*~-_.", 'a=%21%27%28%29%2A~-_.')
  carries('a[]=1&a[]=2&b[x][y]=3', 'a%5B0%5D=1&a%5B1%5D=2&b%5Bx%5D%5By%5D=3')
  carries('a.b=1&c%20d=2', 'a_b=1&c_d=2')
  carries('a=1&a=2', 'a=2')
  carries('a=&b', '')
  carries('%C3%BC=%F0%9F%98%80', '%C3%BC=%F0%9F%98%80')
  carries('access_token=secret&a=1', 'a=1')
  carries('a=%20b%20', 'a=b')
  answers(
    'with another size',
    'GET /link/urls?x=1&page=2&per_page=3',
    { given: links(4) },
    {
      ...page({
        current: 2,
        last: 2,
        window: [1, 2],
        perPage: 3,
        total: 4,
        ids: [1],
        from: 4,
        query: 'x=1&per_page=3&',
      }),
    },
  )
})
