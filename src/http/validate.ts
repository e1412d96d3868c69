import type { FastifyInstance, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify'
import type { z } from 'zod'
import type { FieldErrors } from './envelope.js'
import { invalid, notFound } from './errors.js'

/** Lets a route's zod schemas decide the types of its params, query and body. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown
}

/** The app as routes see it: requests are typed by their schemas. */
export type Api = ReturnType<typeof typedApi>
const typedApi = (app: FastifyInstance) => app.withTypeProvider<ZodTypes>()

/** Checks requests with zod. A path that cannot name a record is a missing record; anything else is 422. */
export function validateWithZod(app: FastifyInstance): void {
  const compile: FastifySchemaCompiler<z.ZodType> =
    ({ schema, httpPart }) =>
    (data: unknown) => {
      const result = schema.safeParse(data)
      if (result.success) return { value: result.data }
      return { error: httpPart === 'params' ? notFound() : invalid(fieldErrors(result.error)) }
    }
  app.setValidatorCompiler(compile)
}

/** zod's issues as Laravel names fields: `filter.browser`. */
export function fieldErrors(error: z.ZodError): FieldErrors {
  const errors: FieldErrors = {}
  for (const issue of error.issues) {
    const field = issue.path.join('.') || 'request'
    errors[field] = [...(errors[field] ?? []), issue.message]
  }
  return errors
}
