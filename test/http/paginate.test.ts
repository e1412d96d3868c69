import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pageBounds, pageNumber, pagination } from '../../src/http/paginate.js'
import { parseQueryString, type QueryArray, type QueryValue } from '../../src/http/query-string.js'

interface PagingCase {
  total: number
  per_page: number
  page: number
  path: string
  query: Record<string, unknown>
  raw_query?: string
  expected: unknown
}

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

describe('pagination', () => {
  const cases: PagingCase[] = fixture('pagination.json')

  it.each(
    cases.map(
      (c) => [`${c.total} by ${c.per_page}, page ${c.page}, ${c.raw_query ?? JSON.stringify(c.query)}`, c] as const,
    ),
  )('answers as the real Laravel code does: %s', (_, c) => {
    const raw = parseQueryString(c.raw_query ?? `page=${c.page}`)
    const number = pageNumber(raw.get('page'))
    // Two cases carry another query than they were asked with: there the code, not the request, named it.
    const asked = [...raw.keys()].some((key) => key !== 'page') && Object.keys(c.query).length > 0
    const query = asked ? raw : toQuery(c.query)
    expect(pagination({ number, perPage: c.per_page, total: c.total }, { path: c.path, query })).toEqual(c.expected)
  })

  const resolutions: { raw_query: string; current_page: number | string; from: number; to: number; items: number }[] =
    fixture('page-resolution.json')

  it.each(resolutions.map((r) => [r.raw_query, r] as const))(
    'resolves the raw query "%s" as Laravel does',
    (raw, expected) => {
      const query = parseQueryString(raw)
      const page = { number: pageNumber(query.get('page')), perPage: 15, total: 100 }
      const { links, meta } = pagination(page, {
        path: 'https://api.example.com/api/v2/link/urls/21/visits',
        query: new Map(),
      })
      const { start, end } = pageBounds(page, page.total)
      expect({
        raw_query: raw,
        current_page: meta.current_page,
        from: meta.from,
        to: meta.to,
        items: end - start,
        prev: links.prev,
        next: links.next,
      }).toEqual(expected)
    },
  )
})

function toQuery(object: object): QueryArray {
  const value = (v: unknown): QueryValue => (typeof v === 'object' && v !== null ? toQuery(v) : (v as QueryValue))
  return new Map(Object.entries(object).map(([key, v]) => [key, value(v)]))
}
