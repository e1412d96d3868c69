/**
 * Pages as Laravel's LengthAwarePaginator shows them inside an API resource (docs/api-contract.md section 3).
 */
import { buildQueryString, type QueryArray, type QueryValue } from './query-string.js'

/** What was asked: a 1-based page, which may lie past the end and past 2^53, and its size. */
export interface PageRequest {
  number: bigint
  perPage: number
}

/** A slice of a list, with the exact total at the moment of reading. Items may be ready-made JSON. */
export interface Page<Item> extends PageRequest {
  items: Item[]
  total: number
}

/** Where paging URLs point: an absolute address without a query, and the request's own parameters. */
export interface PageAddress {
  path: string
  query: QueryArray
}

interface PageLink {
  url: string | null
  label: string
  active: boolean
}

export interface Pagination {
  links: { first: string; last: string; prev: string | null; next: string | null }
  meta: {
    current_page: number | string
    from: number | null
    last_page: number
    links: PageLink[]
    path: string
    per_page: number
    to: number | null
    total: number
  }
}

/**
 * Reads a raw `page` parameter like Laravel: PHP's FILTER_VALIDATE_INT, and 1 for whatever it refuses, without an error.
 */
export function pageNumber(raw: unknown): bigint {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string' || !/^\+?[1-9]\d{0,18}$/.test(text)) return 1n
  const number = BigInt(text)
  return number > 2n ** 63n - 1n ? 1n : number
}

/** The first and one past the last index (0-based) that a page covers in a list of `total`; equal where it is empty. */
export function pageBounds({ number, perPage }: PageRequest, total: number): { start: number; end: number } {
  const start = number > BigInt(lastPage(total, perPage)) ? total : (Number(number) - 1) * perPage
  return { start, end: Math.min(start + perPage, total) }
}

/** `links` and `meta` of a page. */
export function pagination(page: PageRequest & { total: number }, address: PageAddress): Pagination {
  const { number, perPage, total } = page
  const last = lastPage(total, perPage)
  const { start, end } = pageBounds(page, total)
  const url = urlBuilder(address)
  const prev = number > 1n ? url(number - 1n) : null
  const next = number < BigInt(last) ? url(number + 1n) : null
  return {
    links: { first: url(1), last: url(last), prev, next },
    meta: {
      current_page: exactNumber(number),
      from: end > start ? start + 1 : null,
      last_page: last,
      links: [
        { url: prev, label: '« Previous', active: false },
        ...pageWindow(Number(number), last).map((n) =>
          n === null
            ? { url: null, label: '...', active: false }
            : { url: url(n), label: String(n), active: BigInt(n) === number },
        ),
        { url: next, label: 'Next »', active: false },
      ],
      path: address.path,
      per_page: perPage,
      to: end > start ? end : null,
      total,
    },
  }
}

/** Laravel's UrlWindow with three links on each side: the numbers shown, null for a gap. */
function pageWindow(current: number, last: number): (number | null)[] {
  const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
  if (last < 14) return run(1, last)
  if (current <= 7) return [...run(1, 10), null, last - 1, last]
  if (current > last - 7) return [1, 2, null, ...run(last - 9, last)]
  return [1, 2, null, ...run(current - 3, current + 3), null, last - 1, last]
}

function lastPage(total: number, perPage: number): number {
  return Math.max(Math.ceil(total / perPage), 1)
}

/** The query is carried with `page` last. Numeric names are counted anew, as PHP's array_merge does. */
function urlBuilder({ path, query }: PageAddress): (page: number | bigint) => string {
  const carried = new Map<string, QueryValue>()
  let index = 0
  for (const [key, value] of query) {
    if (key === 'page' || key === 'access_token') continue
    carried.set(/^(0|-?[1-9]\d{0,17})$/.test(key) ? String(index++) : key, value)
  }
  const prefix = buildQueryString(carried)
  const start = `${path}?${prefix === '' ? '' : `${prefix}&`}page=`
  return (page) => `${start}${page}`
}

/** Past 2^53 a JSON number would lose its digits in JavaScript, so it travels as text there. */
function exactNumber(number: bigint): number | string {
  return number > BigInt(Number.MAX_SAFE_INTEGER) ? String(number) : Number(number)
}
