import type { FastifyInstance } from 'fastify'
import { rawQuery } from './address.js'
import { invalid } from './errors.js'
import { unreadableParameters } from './form-fields.js'

/**
 * Routes of the scope that read their query refuse one that is not UTF-8: 422 with the names of the parameters. It would be read with
 * U+FFFD in it (query-string.ts), and find what nobody asked for.
 */
export function requireReadableQuery(scope: FastifyInstance): void {
  scope.addHook('preValidation', (request, _, done) => {
    const isRead = request.routeOptions.schema?.querystring !== undefined
    const problems = isRead ? unreadableParameters(rawQuery(request)) : null
    if (problems !== null) throw invalid(problems)
    done()
  })
}
