import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

/**
 * What helmet tells browsers, for answers that are no pages: nothing in them is run, framed or guessed at, and no address, which may
 * hold a token, is passed on. Pages have policies of their own.
 *
 * Made once: @fastify/helmet makes them anew for each request, at twice the cost.
 */
export const securityHeaders: Readonly<Record<string, string>> = headersOf({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
  },
  // Hosts below this one are none of its business.
  strictTransportSecurity: { includeSubDomains: false },
  xFrameOptions: { action: 'deny' },
})

/** Every answer has them but those of short links, which go to people on slow networks and are no pages either. */
export function secureAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.opensLinks !== true) reply.headers(securityHeaders)
    done()
  })
}

function headersOf(options: Parameters<typeof helmet>[0]): Record<string, string> {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  helmet(options)(request, response, () => {})
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]))
}
