import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import { HttpError } from './errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is at home on the host of short links, so that the API's document says so. */
    opensLinks?: boolean
  }
}

/** Which host answers what: short links and the API share one, or each has its own. */
export interface Hosts {
  opensLinks(request: FastifyRequest): boolean
  answersApi(request: FastifyRequest): boolean
}

/**
 * With SHORT_URL, that host opens links and nothing else, and no other host opens any, unless PUBLIC_URL is on the same host.
 * Names are compared, not ports: behind a proxy the port a client sees is not the port of this server.
 */
export function hostsOf({ shortUrl, publicUrl }: Pick<Config, 'shortUrl' | 'publicUrl'>): Hosts {
  const short = shortUrl && new URL(shortUrl).hostname
  if (!short || (publicUrl && new URL(publicUrl).hostname === short)) {
    return { opensLinks: () => true, answersApi: () => true }
  }
  const isShort = ({ host }: FastifyRequest) => host.replace(/:\d*$/, '').toLowerCase() === short
  return { opensLinks: isShort, answersApi: (request) => !isShort(request) }
}

/** Routes of this scope do not exist on hosts that are for something else. */
export function requireHostFor(scope: FastifyInstance, answers: (request: FastifyRequest) => boolean): void {
  scope.addHook('onRequest', (request, _, done) => {
    if (!answers(request)) throw new HttpError(404, 'Not Found')
    done()
  })
}
