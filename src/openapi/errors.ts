/** The errors that come of what an operation is, whatever it does. Each is described once and referred to. */
import { errorSchema, failure } from '../http/envelope.js'
import { expiredAt, forbidden, HttpError, invalid, notFound, tooManyRequests, unauthenticated } from '../http/errors.js'
import { memoise } from '../http/memoise.js'
import { type Components, type JsonSchema, jsonSchema } from './json-schema.js'

interface CommonError {
  name: string
  description: string
  /** By the name of the example. */
  examples: Record<string, HttpError>
  headers?: string[]
}

/** What of an operation decides which errors it can give. */
export interface Needs {
  /** An access token. */
  caller: boolean
  /** A scope that the token may lack. */
  scope: boolean
  /** Parameters or a body that are checked. */
  input: boolean
  /** A body, wanted or not, that is read. */
  body: boolean
}

/** Statuses of the common errors. */
export function commonErrors({ caller, scope, input, body }: Needs): number[] {
  return [
    ...[400, 408, 417, 431, 500, 503],
    ...(caller ? [401, 404, 429] : []),
    ...(scope ? [403] : []),
    ...(input ? [422] : []),
    ...(body ? [413, 415] : []),
  ].sort()
}

export const errorRef = (status: number) => ({ $ref: `#/components/responses/${errors[status]?.name ?? 'Error'}` })

const errorWith = memoise(errorSchema)

/** The common errors for `components.responses`. */
export function errorResponses(components: Components): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(errors).map(([status, { name, description, examples, headers = [] }]) => {
      const schema = jsonSchema(errorWith(Number(status)), 'output', components)
      const values = Object.entries(examples).map(([key, { message, extra }]) => {
        return [key, { value: failure(Number(status), message, extra) }]
      })
      return [
        name,
        {
          description,
          headers: headerRefs(['X-Request-Id', ...headers]),
          content: { 'application/json': { schema, examples: Object.fromEntries(values) } },
        },
      ]
    }),
  )
}

export function headerRefs(names: string[]): Record<string, JsonSchema> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** Headers of answers, for `components.headers`. */
export const answerHeaders: Record<string, JsonSchema> = {
  'X-Request-Id': {
    required: true,
    description: 'Names the request in the log of the server.',
    schema: { type: 'string', format: 'uuid' },
  },
  Location: { required: true, description: 'Where to go.', schema: { type: 'string', format: 'uri' } },
  'Content-Disposition': { required: true, description: 'Name of the file.', schema: { type: 'string' } },
  ETag: { required: true, description: 'Tag of this answer, for `If-None-Match`.', schema: { type: 'string' } },
  'WWW-Authenticate': {
    required: true,
    description: 'Why the token was refused (RFC 6750).',
    schema: { type: 'string' },
  },
  'Retry-After': { required: true, description: 'Seconds to wait.', schema: { type: 'integer', minimum: 0 } },
  'X-RateLimit-Limit': {
    description: 'Requests allowed in a minute, or openings in five.',
    schema: { type: 'integer' },
  },
  'X-RateLimit-Remaining': { description: 'How many are left of them.', schema: { type: 'integer' } },
  'X-RateLimit-Reset': {
    required: true,
    description: 'When there are requests again, in Unix seconds.',
    schema: { type: 'integer' },
  },
}

const errors: Record<number, CommonError> = {
  400: {
    name: 'BadRequest',
    description: 'The request is not one that can be read.',
    examples: { host: new HttpError(400, 'The Host header is not a valid host.') },
  },
  401: {
    name: 'Unauthenticated',
    description: 'There is no access token, or it is not accepted.',
    examples: {
      missing: unauthenticated('Unauthenticated.', false),
      expired: expiredAt(new Date('2026-01-31T12:00:00Z'), 'UTC'),
      address: unauthenticated('Token is not allowed from this ip:203.0.113.9'),
    },
    headers: ['WWW-Authenticate'],
  },
  403: {
    name: 'Forbidden',
    description: 'The access token lacks a scope; `errors` names fields where only these need it.',
    examples: {
      scope: forbidden('visits:read'),
      field: forbidden('visits:pii', {
        long_url: ['The long url field gives out whole mobile numbers: changing it needs the scope visits:pii.'],
      }),
    },
    headers: ['WWW-Authenticate'],
  },
  404: {
    name: 'NotFound',
    description: 'There is no such record, or it belongs to somebody else.',
    examples: { missing: notFound() },
  },
  408: {
    name: 'RequestTimeout',
    description: 'The request took too long to arrive.',
    examples: { slow: new HttpError(408, 'The request took too long to arrive.') },
  },
  413: {
    name: 'PayloadTooLarge',
    description: 'The body has too many bytes.',
    examples: { large: new HttpError(413, 'The request body is too large.') },
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The content type of the body is none of those that are documented.',
    examples: { type: new HttpError(415, 'The content type of the body is not supported.') },
  },
  417: {
    name: 'ExpectationFailed',
    description: 'The header `Expect` asks for something other than `100-continue`.',
    examples: { expectation: new HttpError(417, 'The expectation of the request cannot be met.') },
  },
  422: {
    name: 'Invalid',
    description: 'Parameters or fields are wrong; `errors` says which and what would be right.',
    examples: { field: invalid({ per_page: ['The per page field must be a number between 1 and 100.'] }) },
  },
  429: {
    name: 'TooManyRequests',
    description: 'The limit of requests is reached.',
    examples: { limit: tooManyRequests(1000, 60_000) },
    headers: ['Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
  },
  431: {
    name: 'HeadersTooLarge',
    description: 'The headers have too many bytes.',
    examples: { large: new HttpError(431, 'The headers of the request are too large.') },
  },
  500: {
    name: 'ServerError',
    description: 'The fault is ours. The log of the server has it under the id in `X-Request-Id`.',
    examples: { fault: new HttpError(500, 'Server Error') },
  },
  503: {
    name: 'Unavailable',
    description: 'The server cannot answer right now.',
    examples: {
      busy: new HttpError(503, 'The server is busy. Try again soon.'),
      database: new HttpError(503, 'The database is not available. Try again soon.'),
    },
    headers: ['Retry-After'],
  },
}
