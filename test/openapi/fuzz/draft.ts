import type { Operation } from '../../support/operations.js'
import type { BodyForm } from './bodies.js'

/** A request before its records are known and its bytes are written. It is data, so that a failure can be read. */
export interface Draft {
  operationId: string
  caller: CallerKind
  /** Which of its owner's records it is about. */
  set: number
  method: string
  /** What a client may put before the path, such as `/api/v2`. */
  prefix: string
  /** Such as `/link/urls/{id}`. */
  path: string
  /** What `{id}` and the like stand for, in order. */
  ids: string[]
  /** What follows the path as it is, not encoded. */
  tail: string
  query: [name: string, value: string][]
  headers: [name: string, value: string][]
  form: BodyForm
  /** undefined: no body. */
  fields: unknown
  /** Instead of the fields, byte for byte (latin1). */
  text: string | null
  /** How many bytes of the body are sent; null: all of them. */
  cut: number | null
  /** What is cut off is announced, and the server waits for it. */
  isShort: boolean
}

export const callerKinds = ['own', 'other', 'stored', 'query', 'narrow', 'none', 'expired', 'garbage'] as const

export type CallerKind = (typeof callerKinds)[number]

/** Parameters with the members of those that are objects, as they are sent: `filter[browser]`. */
export function queryNames(parameters: Operation['query']): Operation['query'] {
  return parameters.flatMap(({ name, schema }) =>
    schema.properties === undefined
      ? [{ name, schema }]
      : Object.entries(schema.properties).map(([member, inner]) => ({ name: `${name}[${member}]`, schema: inner })),
  )
}
