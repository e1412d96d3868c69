import cors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Pages of these origins, such as dashboards, may use the API and read its answers (CORS). Cookies do not come into it: a page
 * must have an access token.
 *
 * @param origins `*`: all
 */
export async function allowOrigins(app: FastifyInstance, origins: string[]): Promise<void> {
  if (origins.length === 0) return
  const options = {
    origin: origins.includes('*') ? '*' : origins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'If-None-Match', 'Last-Event-ID', 'X-HTTP-Method-Override'],
    exposedHeaders,
    maxAge: 600,
  }
  // An OPTIONS that asks for nothing is refused like every other verb that a path does not have.
  const delegator = (request: FastifyRequest, done: (error: Error | null, options: object) => void) =>
    done(null, { ...options, preflight: isPreflight(request) })
  await app.register(cors, { delegator })
}

const isPreflight = ({ headers }: FastifyRequest) =>
  Boolean(headers.origin) && Boolean(headers['access-control-request-method'])

/** What pages may read beside the body. */
const exposedHeaders = [
  ...['Content-Disposition', 'ETag', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
]
