import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Poster } from '../webhooks/post.js'
import type { Spans } from './spans.js'

/** A span for each request to a webhook. Its path and query may hold what the owner put there of a visit, so they are left out. */
export function tracePosts(spans: Spans, poster: Poster): Poster {
  return {
    close: () => poster.close(),
    post: (target, headers, body) => {
      const attributes = {
        'http.request.method': 'POST',
        'url.scheme': target.isSecure ? 'https' : 'http',
        'server.address': target.host,
        'server.port': target.port,
      }
      return spans.around('POST webhook', { kind: SpanKind.CLIENT, attributes }, async (span) => {
        const answer = await poster.post(target, headers, body)
        span.setAttribute('http.response.status_code', answer.status)
        if (answer.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
        return answer
      })
    },
  }
}
