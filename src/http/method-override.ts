/**
 * Verbs for clients that can only send GET and POST, as Laravel has it (docs/api-contract.md section 4): on a POST, the header
 * `X-HTTP-Method-Override`, the query parameter `_method` or the body field `_method`, the first of them that is there, replaces
 * the verb. The request is then checked as what it is: with the scope, the parameters and the body of the verb that is meant.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { z } from 'zod'
import { rawQuery } from './address.js'
import { requireScope } from './authenticate.js'
import { badRequest, methodNotAllowed } from './errors.js'
import { parseQueryString } from './query-string.js'
import { validated } from './validate.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The route that a field of the body chose instead of the one that the request came to. */
    chosenRoute: RouteOptions | null
  }
  interface FastifyContextConfig {
    /** The path takes a POST for nothing but another verb. */
    onlyOverrides?: boolean
  }
}

const replaceable = ['PUT', 'PATCH', 'DELETE']

/** Replaces the verb by the header or the query, before a route is looked for. */
export function replaceVerb(request: IncomingMessage): void {
  const verb = verbOf(overrideOutside(request, request.url ?? ''))
  if (verb !== null && verb !== undefined) request.method = verb
}

/**
 * In this scope a body may choose the verb too. Paths that can be changed or deleted take a POST for that, if they do not take
 * it for something else.
 *
 * @returns to be called when all routes of the scope are there
 */
export function acceptOverrides(scope: FastifyInstance): () => void {
  const routes = new Map<string, Map<string, RouteOptions>>()
  scope.decorateRequest('chosenRoute', null)
  scope.addHook('onRoute', (route) => {
    if (route.config?.onlyOverrides) return
    const known = routes.get(route.url) ?? new Map<string, RouteOptions>()
    for (const verb of [route.method].flat()) known.set(verb, route)
    routes.set(route.url, known)
  })
  scope.addHook('onRequest', async ({ raw, originalUrl }) => {
    if (verbOf(overrideOutside(raw, originalUrl)) === undefined) throw unknownVerb()
  })
  scope.addHook('preValidation', async (request, reply) => {
    const asked = takenField(request.body)
    if (request.method !== 'POST' || overrideOutside(request.raw, request.originalUrl) !== null) return
    const verb = verbOf(asked)
    if (verb === undefined) throw unknownVerb()
    if (verb === null) return
    const known = routes.get(request.routeOptions.url ?? '')
    const route = known?.get(verb)
    if (route === undefined) throw methodNotAllowed(known?.keys() ?? [])
    return answerWith(route, request, reply)
  })
  return () => {
    for (const [url, known] of routes) {
      if (known.has('POST') || !replaceable.some((verb) => known.has(verb))) continue
      scope.post(url, { schema: { hide: true }, config: { onlyOverrides: true } }, async () => {
        throw methodNotAllowed(known.keys())
      })
    }
  }
}

async function answerWith(route: RouteOptions, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { schema = {}, config, handler } = route
  request.chosenRoute = route
  requireScope(request.caller, config?.scope)
  if (schema.params) request.params = validated(schema.params as z.ZodType, 'params', request.params)
  if (schema.querystring) request.query = validated(schema.querystring as z.ZodType, 'querystring', request.query)
  request.body = schema.body ? validated(schema.body as z.ZodType, 'body', request.body) : undefined
  const answer = await handler.call(request.server, request, reply)
  return reply.sent ? reply : reply.send(answer)
}

/** The body's `_method`, which is taken out of it: it is no field of any record. */
function takenField(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, '_method')) return undefined
  const fields = body as { _method?: unknown }
  const { _method: asked } = fields
  delete fields._method
  return asked
}

/** What header and query ask for; null without either, or for a request that is no POST. */
function overrideOutside({ method, headers }: IncomingMessage, url: string): unknown {
  const header = headers['x-http-method-override']
  if (header !== undefined) return method === 'POST' ? header : null
  if (method !== 'POST' || !url.includes('_method')) return null
  return parseQueryString(rawQuery({ originalUrl: url })).get('_method') ?? null
}

/** null: the verb stays. undefined: it cannot be replaced by that. */
function verbOf(asked: unknown): string | null | undefined {
  if (asked === null || asked === undefined) return null
  const verb = typeof asked === 'string' ? asked.toUpperCase() : ''
  return verb === 'POST' ? null : replaceable.find((known) => known === verb)
}

const unknownVerb = () => badRequest('The method override must be PUT, PATCH or DELETE.')
