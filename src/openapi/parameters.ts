import type { z } from 'zod'
import { type Components, isRefused, type JsonSchema, jsonSchema } from './json-schema.js'

/** Path parameters, from their schema or from the expression in the route's own address. */
export function pathParameters(url: string, params: unknown, components: Components): JsonSchema[] {
  const schemas = params === undefined ? patternsOf(url) : propertiesOf(params as z.ZodType, components).properties
  return Object.entries(schemas).map(([name, { description, ...schema }]) => {
    return { name, in: 'path', required: true, ...(description !== undefined && { description }), schema }
  })
}

/** Query parameters as they are sent: `filter` is an object whose members are written `filter[name]`. */
export function queryParameters(query: unknown, components: Components): JsonSchema[] {
  if (query === undefined) return []
  const { properties, required } = propertiesOf(query as z.ZodType, components)
  return Object.entries(properties)
    .filter(([, schema]) => !isRefused(schema))
    .map(([name, schema]) => ({ name, required: required.includes(name), ...withoutNull(schema) }))
    .map(({ name, required, description, ...schema }: JsonSchema) => ({
      name,
      in: 'query',
      ...(required === true && { required }),
      ...(description !== undefined && { description }),
      ...(schema.type === 'object' && { style: 'deepObject', explode: true }),
      schema,
    }))
}

/** Headers that a route's schema checks. */
export function headerParameters(headers: unknown, components: Components): JsonSchema[] {
  if (headers === undefined) return []
  const { properties } = propertiesOf(headers as z.ZodType, components)
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const title = name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())
    return { name: title, in: 'header', ...(description !== undefined && { description }), schema }
  })
}

/** A blank parameter is null to its check, but in an address there is no null. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const { anyOf, properties, ...rest } = schema
  if (properties !== undefined) {
    const members = Object.entries(properties as Record<string, JsonSchema>)
    return { ...rest, properties: Object.fromEntries(members.map(([name, inner]) => [name, withoutNull(inner)])) }
  }
  if (Array.isArray(rest.type)) {
    const [type, ...more] = rest.type.filter((name) => name !== 'null')
    return { ...schema, type: more.length === 0 ? type : [type, ...more] }
  }
  const choices = Array.isArray(anyOf) ? anyOf.filter((choice) => choice.type !== 'null') : []
  if (choices.length === 0) return schema
  return choices.length === 1 ? { ...choices[0], ...rest } : { ...rest, anyOf: choices }
}

const descriptions = {
  'If-None-Match': 'Tag of an answer that the client has: 304 while it is still true.',
  'X-HTTP-Method-Override':
    'PUT, PATCH or DELETE: the request is what it would be with that verb. For clients that can only send POST.',
}

export function headerParameter(name: keyof typeof descriptions): JsonSchema {
  return { name, in: 'header', description: descriptions[name], schema: { type: 'string' } }
}

function propertiesOf(schema: z.ZodType, components: Components) {
  const { properties = {}, required = [] } = jsonSchema(schema, 'input', components)
  return { properties: properties as Record<string, JsonSchema>, required: required as string[] }
}

/** `/:token(^[a-z]+$)` is checked by the router. */
function patternsOf(url: string): Record<string, JsonSchema> {
  const found = [...url.matchAll(/:(\w+)(?:\(([^)]+)\))?/g)]
  return Object.fromEntries(
    found.map(([, name = '', pattern]) => [name, { type: 'string', ...(pattern !== undefined && { pattern }) }]),
  )
}
