import fc from 'fast-check'
import type { Schema } from '../../support/operations.js'

/** What stands for a record until it is sent: `@own link` or `@foreign webhook` (world.ts). */
export const reference = /@(own|foreign) (\w+)/g

/** A value that a JSON schema accepts, or nearly: what no schema says is for the checks behind it. */
export function rightValue(schema: Schema): fc.Arbitrary<unknown> {
  const { examples } = schema
  if (Array.isArray(examples)) return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...examples) }, ofShape(schema))
  return ofShape(schema)
}

interface Keywords {
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  type?: string | string[]
  pattern?: string
  format?: string
}

function ofShape(schema: Schema): fc.Arbitrary<unknown> {
  const { anyOf, enum: choices, const: only, type, pattern, format } = schema as Keywords
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(rightValue))
  if (choices !== undefined) return fc.constantFrom(...choices)
  if (only !== undefined) return fc.constant(only)
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => ofShape({ ...schema, type: one })))
  if (format === 'uuid') return fc.uuid()
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const limit = (keyword: string, otherwise: number) => Number(schema[keyword] ?? otherwise)
  switch (type) {
    case 'integer':
      return fc.integer({ min: Math.max(limit('minimum', 0), -10), max: Math.min(limit('maximum', 1000), 1000) })
    case 'string':
      return fc.string({ minLength: limit('minLength', 0), maxLength: Math.min(limit('maxLength', 20), 20) })
    case 'array':
      return fc.array(rightValue(schema.items as Schema), { minLength: limit('minItems', 0), maxLength: 3 })
    case 'object':
      return rightObject(schema)
    default:
      return fc.constant(null)
  }
}

/** Required properties, and of the others some. */
export function rightObject({ properties = {}, required }: Schema): fc.Arbitrary<Record<string, unknown>> {
  const values = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, rightValue(schema)]))
  return fc.record(values, { requiredKeys: (required as string[] | undefined) ?? [], noNullPrototype: true })
}
