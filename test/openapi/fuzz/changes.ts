import fc from 'fast-check'
import type { Operation } from '../../support/operations.js'
import { type Draft, queryNames } from './draft.js'
import { oddText, oddValue } from './odd-values.js'

/** One thing that is done to a request. It is data, so that a failure can be read. */
export type Change = Partial<Omit<Draft, 'operationId' | 'path'>> & {
  addQuery?: [name: string, value: string][]
  addHeaders?: [name: string, value: string][]
  /** Puts a value where one of the body's is; -1: a new field. */
  field?: { nth: number; name: string; value: unknown; isDropped: boolean }
  id?: { nth: number; value: string }
}

export function changed(draft: Draft, change: Change): Draft {
  const { addQuery = [], addHeaders = [], field, id, ...rest } = change
  return {
    ...draft,
    ...rest,
    query: [...(rest.query ?? draft.query), ...addQuery],
    headers: [...(rest.headers ?? draft.headers), ...addHeaders],
    ...(field !== undefined && { fields: withField(draft.fields, field) }),
    ...(id !== undefined && { ids: draft.ids.map((one, nth) => (nth === id.nth % draft.ids.length ? id.value : one)) }),
  }
}

/** Changes that an operation's requests can be broken by. */
export function changeOf({ query, parameters, body }: Operation): fc.Arbitrary<Change> {
  const names = queryNames(query).map(({ name }) => name)
  return fc.oneof(
    ...(names.length > 0 ? [{ weight: 6, arbitrary: parameter(names) }] : []),
    { weight: 2, arbitrary: fc.oneof(unknownParameter, manyParameters) },
    ...(parameters.length > 0 ? [{ weight: 3, arbitrary: otherId }] : []),
    ...(body !== undefined
      ? [
          { weight: 8, arbitrary: otherField },
          { weight: 3, arbitrary: otherBody },
        ]
      : []),
    { weight: 1, arbitrary: otherBody },
    { weight: 2, arbitrary: header },
    { weight: 1, arbitrary: unchanged },
    { weight: 2, arbitrary: verb },
    { weight: 1, arbitrary: tail },
  )
}

const words = (text: string) => text.split(/\s+/)

const nth = fc.nat({ max: 30 })

/** A parameter that there is, broken, alone or again and as a list. */
function parameter(names: string[]): fc.Arbitrary<Change> {
  const written = fc.tuple(fc.constantFrom(...names), fc.constantFrom('', '', '', '[]', '[x]', '[x][]', '[', '%00'))
  return fc
    .array(fc.tuple(written, oddText), { minLength: 1, maxLength: 3 })
    .map((pairs) => ({ addQuery: pairs.map(([[name, more], value]) => [name + more, value]) }))
}

const unknownParameter = fc
  .array(fc.tuple(oddText, oddText), { minLength: 1, maxLength: 3 })
  .map((addQuery) => ({ addQuery }))

const manyParameters = fc
  .tuple(fc.constantFrom(64, 999, 1001), fc.constantFrom('a[]', 'page', 'filter[browser]', 'a[b][c][d][e]'))
  .map(([length, name]) => ({ addQuery: Array.from({ length }, (): [string, string] => [name, '1']) }))

const records = ['link', 'webhook', 'delivery', 'token', 'visit', 'short'].flatMap((kind) => [
  ...[`@foreign ${kind}`, `@foreign ${kind}`, `@own ${kind}`],
])

const otherId = fc.record({ nth, value: fc.oneof(fc.constantFrom(...records), oddText) }).map((id) => ({ id }))

const unknownFields = words(`id user_id owner_id visits created_at token short_url revoked_at last_used_at is_admin
  _method __proto__ constructor a.b tags[] advanced webhook verification_code`)

const otherField = fc
  .record({
    nth: fc.oneof(nth, fc.constant(-1)),
    name: fc.oneof(fc.constantFrom(...unknownFields), oddText),
    value: oddValue,
    isDropped: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map((field): Change => ({ field }))

const contentTypes =
  words(`application/json application/x-www-form-urlencoded multipart/form-data multipart/form-data;boundary=x text/html
  application/xml application/json;charset=utf-16 application/json;; json a/b;c=" */*`).concat('')

const asContentType = (type: string): Change => ({ addHeaders: [['Content-Type', type]] })
const bytes = fc.string({ unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 })
const wrongTexts = ['', '{', '[', '{"a":', '[1,2', '&&&=&', 'a[b[c]]=1&a=2', '--a-boundary\r\n\r\n', '\xff\xfe']

/** A body that is no object, is no text, ends too early, or says it is something else. */
const otherBody: fc.Arbitrary<Change> = fc.oneof(
  { weight: 20, arbitrary: oddValue.map((fields) => ({ fields })) },
  { weight: 20, arbitrary: fc.oneof(bytes, fc.constantFrom(...wrongTexts)).map((text) => ({ text })) },
  { weight: 20, arbitrary: fc.nat({ max: 60 }).map((cut) => ({ cut })) },
  { weight: 20, arbitrary: fc.constantFrom(...contentTypes).map(asContentType) },
  // Rare, because the server waits for what is missing.
  { weight: 1, arbitrary: fc.constant({ cut: 3, isShort: true }) },
)

const headerNames =
  words(`Accept Accept-Language User-Agent If-None-Match Last-Event-ID Host Origin Referer Cookie X-Forwarded-For
  X-Forwarded-Host X-Forwarded-Proto Forwarded X-Request-Id Authorization Range Content-Encoding Accept-Encoding Expect Upgrade
  Sec-CH-UA Sec-CH-UA-Platform Purpose TE Via X-HTTP-Method-Override Access-Control-Request-Method Content-Length
  Transfer-Encoding é`).concat('a b', '')

const headerValues = fc.oneof(
  oddText,
  fc.constantFrom(...words('* "x" W/"x",* 100-continue websocket gzip bytes=0- http'), '@own etag', '@foreign etag'),
)

const unchanged = fc.constantFrom('*', '@own etag').map((tag): Change => ({ addHeaders: [['If-None-Match', tag]] }))

const header = fc.tuple(fc.constantFrom(...headerNames), headerValues).map((pair): Change => ({ addHeaders: [pair] }))

const verbs = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'FOO', '']
const overrides = fc.oneof(fc.constantFrom('PUT', 'PATCH', 'DELETE', 'delete', 'POST', 'GET', 'HEAD'), oddText)

const verb: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom(...verbs).map((method) => ({ method })),
  overrides.map((by) => ({ method: 'POST', addHeaders: [['X-HTTP-Method-Override', by]] }) as Change),
  overrides.map((by) => ({ method: 'POST', addQuery: [['_method', by]] }) as Change),
  overrides.map((by): Change => ({ method: 'POST', field: { nth: -1, name: '_method', value: by, isDropped: false } })),
)

const tails = words(`/ // /x /.. /%2e%2e % %00 %ff #x ;x /\\ ?a=1? /é %2f`).concat(' x', '\r\nX: 1')
const tail = fc.constantFrom(...tails).map((tail): Change => ({ tail }))

/** The body with a value in one of its places, counted through all levels. */
function withField(fields: unknown, { nth, name, value, isDropped }: NonNullable<Change['field']>): unknown {
  if (typeof fields !== 'object' || fields === null) return nth === -1 ? { [name]: value } : fields
  // What is added to a list is one more item.
  if (Array.isArray(fields) && nth === -1) return [...fields, value]
  const copy = structuredClone(fields) as Record<string, unknown>
  const places = placesIn(copy)
  const [parent, key] = (nth >= 0 && places[nth % Math.max(places.length, 1)]) || [copy, name]
  // Not by assignment, which would change the prototype instead.
  if (isDropped) delete parent[key]
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

function placesIn(value: unknown): [parent: Record<string, unknown>, key: string][] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key) => [[parent, key] as [typeof parent, string], ...placesIn(parent[key])])
}
