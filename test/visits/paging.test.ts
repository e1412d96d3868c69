import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { newVisit, storeLinks } from '../support/visits.js'

interface PagingCase {
  total: number
  per_page: number
  page: number
  path: string
  query: Record<string, unknown>
  raw_query?: string
  expected: { links: unknown; meta: unknown }
}

type Resolution = Record<'current_page' | 'from' | 'to' | 'items' | 'prev' | 'next', unknown> & { raw_query: string }

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
const documented = '/api/v2/link/urls/21/visits'

/** Cases that need no more rows than a test can store, without a query of their own: that is the paginator's test. */
const cases: PagingCase[] = fixture('pagination.json').filter(
  (c: PagingCase) =>
    c.total <= 300 && c.path.endsWith(documented) && Object.keys(c.query).length === 0 && c.raw_query === undefined,
)
const totals = [...new Set([100, ...cases.map(({ total }) => total)])]
const linkOf = (total: number) => total + 1

describe('the route', () => {
  let site: TestApp

  beforeAll(async () => {
    site = await openApp()
    await storeLinks(site.db, 26, ...totals.map(linkOf))
    const visits = totals.flatMap((total) => Array.from({ length: total }, () => newVisit(linkOf(total))))
    await appendVisits(site.db, 26, visits)
  })
  afterAll(() => site.close())

  const ask = async (total: number, query: string) => {
    const url = `/api/v2/link/urls/${linkOf(total)}/visits?${query}`
    const { statusCode, body } = await site.app.inject({ url, headers: site.as(26) })
    const { data, links, meta } = JSON.parse(body.replaceAll(`/urls/${linkOf(total)}/`, '/urls/21/'))
    return { statusCode, items: data.length, links, meta }
  }

  it(`pages ${cases.length} times as the real Laravel code does`, async () => {
    for (const { total, per_page, page, expected } of cases) {
      const carried = JSON.stringify(expected).replaceAll('?page=', `?per_page=${per_page}&page=`)
      const { links, meta } = await ask(total, `per_page=${per_page}&page=${page}`)
      expect({ total, per_page, page, links, meta }).toEqual({ total, per_page, page, ...JSON.parse(carried) })
    }
  })

  const resolutions: Resolution[] = fixture('page-resolution.json')
  it.each(resolutions.map((row) => [row.raw_query, row] as const))(
    'resolves the raw query "%s" as Laravel does',
    async (raw, expected) => {
      const { items, links, meta } = await ask(100, raw)
      const answered = { raw_query: raw, current_page: meta.current_page, from: meta.from, to: meta.to, items }
      // What else the query holds is carried in the URLs, which the file leaves out.
      const next = (url: string | null) => url?.replace(/\?.*page=(\d+)$/, '?page=$1') ?? null
      expect({ ...answered, prev: next(links.prev), next: next(links.next) }).toEqual(expected)
    },
  )
})
