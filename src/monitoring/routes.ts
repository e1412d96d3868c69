import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { z } from 'zod'
import { errorSchema } from '../http/envelope.js'
import { handleErrors, unauthenticated } from '../http/errors.js'
import { validateWithZod } from '../http/validate.js'

/** `/metrics` as Prometheus reads it. @param token who asks must have it; undefined: anybody may ask */
export function metricsRoute(app: FastifyInstance, registry: Registry, token: string | undefined): void {
  const isRight = token === undefined ? () => true : isTokenOf(token)
  app.get('/metrics', { schema }, async (request, reply) => {
    if (!isRight(request)) throw unauthenticated()
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

const schema = {
  operationId: 'metrics',
  summary: 'Metrics for Prometheus',
  description: 'The bearer token is METRICS_TOKEN, no access token.',
  tags: ['Health'],
  response: {
    200: { description: 'Metrics.', content: { 'text/plain': { schema: z.string() } } },
    401: errorSchema(401, 'Unauthenticated.'),
    404: errorSchema(404, 'Not Found'),
  },
}

/** A server with nothing but metrics, for an address that only the operator's own machines reach. */
export function metricsApp(registry: Registry, token: string | undefined): FastifyInstance {
  const app = Fastify()
  handleErrors(app)
  validateWithZod(app)
  metricsRoute(app, registry, token)
  return app
}

/** Compared by their hashes, in constant time: how long it takes says nothing of the token. */
function isTokenOf(token: string): (request: FastifyRequest) => boolean {
  const right = hash(token)
  return ({ headers: { authorization = '' } }) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''
    return timingSafeEqual(hash(given), right)
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest()
