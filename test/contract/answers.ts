/** Whole answers, as docs/api-contract.md prints them. */

export interface Answer {
  status: number
  headers: Record<string, string>
  /** A text is compared as it is, anything else as JSON, in the order of its keys. */
  body: unknown
  /** Whether it tells how many requests are left. */
  isCounted: boolean
}

const json = { 'content-type': 'application/json; charset=utf-8' }

/** Success: always 200, create included. */
export function ok(message: string, data: unknown, more: object = {}): Answer {
  return { status: 200, headers: json, body: { status: 'OK', code: 200, message, data, ...more }, isCounted: true }
}

/** The same of what can be asked for again with its tag. */
export function shown(message: string, data: unknown, more: object = {}): Answer {
  return withHeaders(ok(message, data, more), { etag: '<etag>', 'cache-control': 'private, no-cache' })
}

/** Success that must not be kept. */
export function secret(message: string, data: unknown): Answer {
  return withHeaders(ok(message, data), { 'cache-control': 'no-store' })
}

export function failed(status: number, message: string, headers: Record<string, string> = {}): Answer {
  const body = { status: 'ERROR', code: status, message, data: [] }
  return { status, headers: { ...json, ...headers }, body, isCounted: true }
}

/** 422 for fields that have one problem each. */
export function invalid(errors: Record<string, string>): Answer {
  const [first, ...more] = Object.values(errors)
  const rest = more.length === 0 ? '' : ` (and ${more.length} more ${more.length === 1 ? 'error' : 'errors'})`
  const all = Object.fromEntries(Object.entries(errors).map(([field, text]) => [field, [text]]))
  const answer = failed(422, `${first}${rest}`)
  return { ...answer, body: { ...(answer.body as object), errors: all } }
}

/** Missing and foreign records. */
export const missing = failed(404, 'No results found')

export function withHeaders(answer: Answer, headers: Record<string, string>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

/** Of what is refused before the caller is known, or needs none. */
export const uncounted = (answer: Answer): Answer => ({ ...answer, isCounted: false })

export const unknownPath = uncounted(failed(404, 'Not Found'))

/** @param verbs that the path has */
export const otherVerb = (verbs: string) => uncounted(failed(405, 'Method Not Allowed', { allow: verbs }))

export function unauthenticated(message = 'Unauthenticated.', isTokenGiven = true): Answer {
  const why = isTokenGiven ? ', error="invalid_token"' : ''
  return uncounted(failed(401, message, { 'www-authenticate': `Bearer realm="smart-link"${why}` }))
}

export function forbidden(scope: string): Answer {
  const challenge = `Bearer realm="smart-link", error="insufficient_scope", scope="${scope}"`
  return failed(403, 'User does not have the right permissions.', { 'www-authenticate': challenge })
}

/** `links` and `meta` of a list that has one page. */
export function onePage(path: string, total: number, query = ''): object {
  const url = `https://api.example.com${path}?${query}page=1`
  return {
    links: { first: url, last: url, prev: null, next: null },
    meta: {
      current_page: 1,
      from: total === 0 ? null : 1,
      last_page: 1,
      links: [
        { url: null, label: '« Previous', active: false },
        { url, label: '1', active: true },
        { url: null, label: 'Next »', active: false },
      ],
      path: `https://api.example.com${path}`,
      per_page: 15,
      to: total === 0 ? null : total,
      total,
    },
  }
}

/** HEAD: the same without its body. */
export const headOf = (answer: Answer): Answer => ({ ...answer, body: '' })

/** 304 for who has it already. */
export const unchanged: Answer = {
  status: 304,
  headers: { etag: '<etag>', 'cache-control': 'private, no-cache' },
  body: '',
  isCounted: true,
}
