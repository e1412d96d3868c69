/**
 * Query strings as PHP and Laravel read and write them: clients of the hosted service see their own parameters come back
 * in every paging URL, so brackets, dots, duplicates and blanks must mean what they mean there.
 */

/** A PHP array: ordered keys, each a text, an array, or null where the request had a blank. */
export type QueryArray = Map<string, QueryValue>
export type QueryValue = string | number | boolean | null | QueryArray

/** PHP's max_input_vars and max_input_nesting_level. */
export const mostParameters = 1000
const deepestNesting = 64

/**
 * Reads a query string like PHP's parse_str, then Laravel's TrimStrings and ConvertEmptyStringsToNull.
 *
 * `a.b` and `a b` are the name `a_b`, a repeated name keeps the last value, `a[]=1&a[x]=2` makes an array.
 */
export function parseQueryString(raw: string): QueryArray {
  const query: QueryArray = new Map()
  let count = 0
  for (const part of raw.split('&')) {
    if (part === '' || ++count > mostParameters) continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    addParameter(query, name, equals < 0 ? '' : decode(part.slice(equals + 1)))
  }
  return query
}

/** One more parameter or field, under its name as PHP takes it apart. */
export function addParameter(query: QueryArray, name: string, text: string): void {
  assign(query, name, trimmed(text))
}

/** Laravel's TrimStrings and ConvertEmptyStringsToNull. */
export function trimmed(text: string): string | null {
  return trim(text) || null
}

/** Writes a query string like PHP's http_build_query with RFC 3986: nulls are left out, brackets are encoded. */
export function buildQueryString(query: QueryArray): string {
  const parts: string[] = []
  const write = (name: string, value: QueryValue) => {
    if (value === null) return
    if (value instanceof Map) for (const [key, inner] of value) write(`${name}%5B${encode(key)}%5D`, inner)
    else parts.push(`${name}=${encode(typeof value === 'boolean' ? (value ? '1' : '0') : String(value))}`)
  }
  for (const [name, value] of query) write(encode(name), value)
  return parts.join('&')
}

/** The query as a plain object, for validation. Arrays become objects too: `a[]=x` is `{ a: { 0: 'x' } }`. */
export function queryObject(query: QueryArray): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, value] of query) object[key] = value instanceof Map ? queryObject(value) : value
  return object
}

function assign(query: QueryArray, rawName: string, value: string | null): void {
  const end = rawName.indexOf('\0')
  const name = (end < 0 ? rawName : rawName.slice(0, end)).replace(/^ +/, '')
  const bracket = name.indexOf('[')
  const base = (bracket < 0 ? name : name.slice(0, bracket)).replace(/[ .]/g, '_')
  if (base === '') return
  const keys = bracket < 0 ? [] : bracketKeys(name, bracket)
  if (keys === null) {
    query.set(`${base}_${name.slice(bracket + 1).replace(/[ .[]/g, '_')}`, value)
    return
  }
  if (keys.length > deepestNesting) {
    query.delete(base)
    return
  }
  let target = query
  let key = base
  for (const next of keys) {
    const found = target.get(key)
    const inner: QueryArray = found instanceof Map ? found : new Map()
    if (inner !== found) target.set(key, inner)
    target = inner
    key = arrayKey(inner, next)
  }
  target.set(key, value)
}

/** `[a][]` as keys, null for a push; the whole null where the first bracket is never closed. What follows is ignored. */
function bracketKeys(name: string, start: number): (string | null)[] | null {
  const keys: (string | null)[] = []
  let at = start
  while (name[at] === '[') {
    const close = name.indexOf(']', at)
    if (close < 0) return keys.length === 0 ? null : keys
    const key = name.slice(at + 1, close)
    keys.push(/^[ \t-\r]?$/.test(key) ? null : key)
    at = close + 1
  }
  return keys
}

/** Counted along, because looking through the keys at each `[]` would cost the square of their number. */
const nextIndexes = new WeakMap<QueryArray, number>()

/** The key as given, or for a push the one after the largest so far. */
function arrayKey(array: QueryArray, given: string | null): string {
  const next = nextIndexes.get(array) ?? 0
  const key = given ?? String(next)
  if (/^(0|[1-9]\d{0,9})$/.test(key)) nextIndexes.set(array, Math.max(next, Number(key) + 1))
  return key
}

/** PHP's urldecode: a broken escape stays as it is. Bytes that are not UTF-8 become U+FFFD: the API refuses them before (readable-query.ts). */
function decode(text: string): string {
  const spaced = text.replace(/\+/g, ' ')
  if (!spaced.includes('%')) return spaced
  return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replace(/%/g, ''), 'hex').toString('utf8'),
  )
}

/** PHP's rawurlencode. encodeURIComponent leaves five more characters and refuses lone surrogates. */
export function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

// Laravel's Str::trim: PCRE's Unicode \s, invisible marks and NUL.
const blanks = new Set(
  Array.from({ length: 0x10000 }, (_, code) => code).filter((code) => {
    return /[\s\u0085\u180e\ufeff\u200b\u200e\0]/.test(String.fromCharCode(code))
  }),
)
function trim(text: string): string {
  let start = 0
  let end = text.length
  // Not by an expression: `blank+$` would be tried anew at each blank of a long run inside.
  while (start < end && blanks.has(text.charCodeAt(start))) start++
  while (end > start && blanks.has(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}
