// For `summary`, `description` and `tags` of a route's schema.
import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify'
import type { z } from 'zod'
import type { FieldErrors } from './envelope.js'
import { type HttpError, invalid, notFound } from './errors.js'

/** Lets a route's zod schemas decide the types of its params, query and body. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  /** Answers are made to the last byte by the handlers, often as ready text: the test suite holds them to `schema.response`. */
  serializer: unknown
}

/** The app as routes see it: requests are typed by their schemas. */
export type Api = ReturnType<typeof typedApi>
const typedApi = (app: FastifyInstance) => app.withTypeProvider<ZodTypes>()

/** Checks requests with zod. A path that cannot name a record is a missing record; anything else is 422. */
export function validateWithZod(app: FastifyInstance): void {
  const compile: FastifySchemaCompiler<z.ZodType> =
    ({ schema, httpPart }) =>
    (data: unknown) => {
      if (byRoute.has(schema)) return { value: data }
      const result = schema.safeParse(data)
      return result.success ? { value: result.data } : { error: refusal(httpPart, result.error) }
    }
  app.setValidatorCompiler(compile)
  // `schema.response` describes answers and must not cost anything when they are sent.
  app.setSerializerCompiler(() => JSON.stringify)
}

const byRoute = new WeakSet<z.ZodType>()

/** For the document only: the route checks what it is given itself, because that takes too long to be done at once. */
export function checkedByRoute<Schema extends z.ZodType>(schema: Schema): Schema {
  byRoute.add(schema)
  return schema
}

/**
 * A part of a request as its schema has it, for a route that was chosen when Fastify had checked another one's.
 *
 * @throws HttpError 404 for a path that cannot name a record, 422 for anything else
 */
export function validated(schema: z.ZodType, part: 'params' | 'querystring' | 'body', data: unknown): unknown {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  throw refusal(part, result.error)
}

function refusal(part: string | undefined, error: z.ZodError): HttpError {
  return part === 'params' ? notFound() : invalid(fieldErrors(error))
}

/** zod's issues as Laravel names fields: `filter.browser`. */
export function fieldErrors(error: z.ZodError): FieldErrors {
  // Not an object: fields of a request may be called what objects have already, such as `constructor`.
  const errors = new Map<string, string[]>()
  for (const issue of error.issues) {
    const field = issue.path.join('.') || 'request'
    const texts = errors.get(field)
    if (texts === undefined) errors.set(field, [issue.message])
    else texts.push(issue.message)
  }
  return Object.fromEntries(errors)
}
