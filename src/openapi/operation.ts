import { STATUS_CODES } from 'node:http'
import type { RouteOptions } from 'fastify'
import { z } from 'zod'
import type { DescribedAnswer } from '../http/envelope.js'
import { pagination } from '../http/paginate.js'
import { commonErrors, errorRef, headerRefs } from './errors.js'
import { exampleOf } from './examples.js'
import { type Components, type JsonSchema, jsonSchema } from './json-schema.js'
import { headerParameter, headerParameters, pathParameters, queryParameters } from './parameters.js'

export interface OperationPlace {
  /** Its `operationId`. */
  id: string
  /** Another verb for what is described already. */
  isAlias: boolean
  /** Such as `/link/urls/{id}`. */
  path: string
  /** Of the address in its examples. */
  server: string
}

/** A route as OpenAPI has it: made of the schemas that check its requests and of those its answers are held to. */
export function operationOf(route: RouteOptions, place: OperationPlace, components: Components): JsonSchema {
  const { schema = {}, config } = route
  const answers = (schema.response ?? {}) as Record<string, z.ZodType | DescribedAnswer>
  const needs = {
    caller: config?.needsCaller === true,
    scope: config?.scope !== undefined,
    input: schema.querystring !== undefined || schema.body !== undefined,
    // What a POST that needs no body sends along is read all the same: it may say another verb.
    body: schema.body !== undefined || route.method === 'POST',
  }
  const isTagged = '304' in answers
  const parameters = [
    ...pathParameters(route.url, schema.params, components),
    ...queryParameters(schema.querystring, components),
    ...headerParameters(schema.headers, components),
    ...(isTagged ? [headerParameter('If-None-Match')] : []),
    ...(place.isAlias && route.method === 'POST' ? [headerParameter('X-HTTP-Method-Override')] : []),
  ]
  const headersOf = (status: number, answer: z.ZodType | DescribedAnswer) => [
    'X-Request-Id',
    ...(isTagged && status < 400 ? ['ETag'] : []),
    ...(needs.caller && status < 400 ? ['X-RateLimit-Limit', 'X-RateLimit-Remaining'] : []),
    ...(('headers' in answer && answer.headers) || []),
  ]
  return {
    tags: schema.tags,
    operationId: place.id,
    summary: schema.summary,
    description: descriptionOf(schema.description, config?.scope),
    ...(parameters.length > 0 && { parameters }),
    ...(schema.body !== undefined && {
      requestBody: requestBody(schema.body as z.ZodType, schema.consumes, components),
    }),
    responses: {
      ...Object.fromEntries(commonErrors(needs).map((status) => [status, errorRef(status)])),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => {
          const described = response(Number(status), answer, place, components)
          return [status, { ...described, headers: headerRefs(headersOf(Number(status), answer)) }]
        }),
      ),
    },
    security: needs.caller ? ['bearer', 'access_token'].map((name) => ({ [name]: scopesOf(config?.scope) })) : [],
  }
}

const scopesOf = (scope: string | undefined) => (scope === undefined ? [] : [scope])

function descriptionOf(description: string | undefined, scope: string | undefined): string | undefined {
  const needed = scope === undefined ? [] : [`Scope: \`${scope}\`.`]
  return [...(description === undefined ? [] : [description]), ...needed].join('\n\n') || undefined
}

function requestBody(body: z.ZodType, consumes: readonly string[] = ['application/json'], components: Components) {
  const schema = jsonSchema(body, 'input', components)
  const media = { schema, example: exampleOf(schema, components) }
  return { required: true, content: Object.fromEntries(consumes.map((type) => [type, media])) }
}

function response(
  status: number,
  answer: z.ZodType | DescribedAnswer,
  place: OperationPlace,
  components: Components,
): JsonSchema {
  if (!(answer instanceof z.ZodType)) {
    const { description, content = {} } = answer
    const media = Object.entries(content).map(([type, { schema }]) => {
      const json = jsonSchema(schema, 'output', components)
      return [type, { schema: json, ...(type === 'application/json' && { example: exampleOf(json, components) }) }]
    })
    return { description, ...(media.length > 0 && { content: Object.fromEntries(media) }) }
  }
  const { description = STATUS_CODES[status] ?? '', ...schema } = jsonSchema(answer, 'output', components)
  const example = pageExample(exampleOf(schema, components), place)
  return { description, content: { 'application/json': { schema, example } } }
}

/** Paging as it would be, with the address of this list. */
function pageExample(example: unknown, { path, server }: OperationPlace): unknown {
  const { meta } = example as { meta?: { last_page?: number } }
  if (meta?.last_page === undefined) return example
  const address = { path: server + path.replace('{id}', '20'), query: new Map() }
  return { ...(example as object), ...pagination({ number: 1n, perPage: 15, total: 1 }, address) }
}
