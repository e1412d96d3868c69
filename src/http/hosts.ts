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
  const short = shortUrl && hostname(new URL(shortUrl).host)
  if (!short || (publicUrl && hostname(new URL(publicUrl).host) === short)) {
    return { opensLinks: () => true, answersApi: () => true }
  }
  const isShort = ({ host }: FastifyRequest) => hostname(host) === short
  return { opensLinks: isShort, answersApi: (request) => !isShort(request) }
}

/** Without a port, and without the dot that ends a fully qualified name. */
const hostname = (host: string) => host.replace(/\.?(?::\d*)?$/, '').toLowerCase()

/** Routes of this scope do not exist on hosts that are for something else. */
export function requireHostFor(scope: FastifyInstance, answers: (request: FastifyRequest) => boolean): void {
  scope.addHook('onRequest', (request, _, done) => {
    if (!answers(request)) throw new HttpError(404, 'Not Found')
    done()
  })
}
