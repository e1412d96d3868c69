import fc from 'fast-check'
import type { Operation, Schema } from '../../support/operations.js'
import { formNames } from './bodies.js'
import { type Change, changed, changeOf } from './changes.js'
import { type CallerKind, callerKinds, type Draft, queryNames } from './draft.js'
import { rightObject, rightValue } from './values.js'
import { sets } from './world.js'

const caller: fc.Arbitrary<CallerKind> = fc.oneof(
  { weight: 20, arbitrary: fc.constant('own' as const) },
  { weight: 5, arbitrary: fc.constant('other' as const) },
  { weight: 5, arbitrary: fc.constantFrom(...callerKinds) },
)

/** Requests of an operation: right ones, and right ones in which one thing or several were broken. */
export function requestsOf(operation: Operation): fc.Arbitrary<Draft> {
  return fc
    .tuple(rightRequest(operation), fc.oneof(noChange, oneChange(operation), someChanges(operation)))
    .map(([draft, changes]) => printable(changes.reduce(changed, draft)))
}

/** As JSON, because not everything that is in it can be printed otherwise. */
const printable = (draft: Draft): Draft => Object.assign({ [fc.toStringMethod]: () => JSON.stringify(draft) }, draft)

const noChange = fc.constant<Change[]>([])
const oneChange = (operation: Operation) => changeOf(operation).map((change) => [change])
const someChanges = (operation: Operation) => fc.array(changeOf(operation), { minLength: 2, maxLength: 5 })

function rightRequest(operation: Operation): fc.Arbitrary<Draft> {
  const { id: operationId, method, path, parameters, query, body } = operation
  return fc.record({
    operationId: fc.constant(operationId),
    caller,
    set: fc.nat({ max: sets - 1 }),
    method: fc.constant(method),
    prefix: fc.constantFrom('', '', '', '/api/v2', '/api/v2/api/v2', '/'),
    path: fc.constant(path),
    ids: fc.constant(parameters.map((name) => ownRecord(path, name))),
    tail: fc.constant(''),
    query: rightQuery(query),
    headers: fc.constant<[string, string][]>([]),
    form: fc.constantFrom(...formNames),
    fields: body === undefined ? fc.constant(undefined) : rightFields(operation, body),
    text: fc.constant(null),
    cut: fc.constant(null),
    isShort: fc.constant(false),
  })
}

/** The documented example, with other fields as their schemas have them. */
function rightFields({ example }: Operation, body: Schema): fc.Arbitrary<unknown> {
  const filled = rightObject(body).map((fields) => ({ ...example, ...fields }))
  return fc.oneof(filled, fc.constant<unknown>(example), rightObject(body))
}

function rightQuery(parameters: Operation['query']): fc.Arbitrary<[string, string][]> {
  const pairs = queryNames(parameters).map(({ name, schema }) => {
    return rightParameter(name, schema).map((value): [string, string] => [name, value])
  })
  return pairs.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...pairs), { maxLength: 3 })
}

function rightParameter(name: string, schema: Schema): fc.Arbitrary<string> {
  // Nobody waits for visits here.
  if (name === 'wait') return fc.constant('0')
  if (name === 'cursor') return fc.constantFrom('@own cursor', '@own accountCursor')
  if (name in sayings) return fc.constantFrom(...(sayings[name] ?? []))
  return rightValue(schema).map(String)
}

/** What parameters take that are described in words. */
const sayings: Record<string, string[]> = {
  group_by: ['browser', 'platform', 'country_code,device_type', 'weekday,hour', 'link', 'host', 'city'],
  timezone: ['Europe/Berlin', 'UTC', 'Asia/Kolkata', 'America/St_Johns'],
  from: ['2020-01-01', '2026-01-31T12:00:00Z', '2022-10-31 10:07:27'],
  to: ['2030-01-01', '2026-01-31T12:00:00Z'],
  after: ['@own visit'],
  'filter[token]': ['@own short'],
  'filter[message_id]': ['@own message'],
  'filter[mobile]': ['@own mobile'],
  'filter[webhook_id]': ['@own webhook'],
  'filter[id]': ['@own link'],
  'filter[client_ip]': ['127.0.0.1', '203.0.113.0/24'],
}

function ownRecord(path: string, name: string): string {
  if (name === 'token') return '@own short'
  if (name === 'delivery') return '@own delivery'
  return `@own ${path.startsWith('/link/') ? 'link' : path.startsWith('/developer/tokens') ? 'token' : 'webhook'}`
}
