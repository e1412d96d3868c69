import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fail, type Spans } from './spans.js'

/**
 * A span for each request, from its head to the end of its answer: by its route, never by its address, which holds tokens and
 * phone numbers. Its id is the one in the log.
 */
export function traceRequests(spans: Spans, app: FastifyInstance): void {
  const open = new WeakMap<FastifyRequest, Span>()
  app.addHook('onRequest', (request, _, done) => {
    const { method, routeOptions, id } = request
    const route = request.is404 ? undefined : routeOptions.url
    const attributes = {
      'http.request.method': method,
      'smart_link.request.id': id,
      ...(route !== undefined && { 'http.route': route }),
    }
    const span = spans.begin(
      route === undefined ? method : `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes },
      undefined,
    )
    open.set(request, span)
    spans.within(span, done)
  })
  app.addHook('onError', (request, _reply, error, done) => {
    const span = open.get(request)
    if (span && (error.statusCode ?? 500) >= 500) fail(span, error)
    done()
  })
  app.addHook('onResponse', (request, { statusCode }, done) => {
    const span = open.get(request)
    span?.setAttribute('http.response.status_code', statusCode)
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
    done()
  })
}
