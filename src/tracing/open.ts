import { setTimeout as wait } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { CaptureLog } from '../capture/capture-log.js'
import type { TracingConfig } from '../config.js'
import type { Poster } from '../webhooks/post.js'
import { type TracedCapture, traceCapture } from './capture.js'
import { tracePosts } from './posts.js'
import { traceRequests } from './requests.js'
import { Spans } from './spans.js'
import { traceStatements } from './statements.js'

/** What is traced with OpenTelemetry. Load this module only where it is: it brings the SDK along. */
export interface Tracing {
  requests(app: FastifyInstance): void
  /** Before its first connection. */
  statements(pool: pg.Pool): void
  capture: TracedCapture
  posts(poster: Poster): Poster
  /** Sends what is left, as far as that is possible within 5 seconds. */
  close(): Promise<void>
}

const closeLimitMs = 5_000

/** Sends spans to a collector, as JSON over HTTP. One that is away costs spans and nothing else. */
export function openTracing({ url, serviceName, ratio }: TracingConfig, log: CaptureLog): Tracing {
  const exporter = watched(new OTLPTraceExporter({ url }), log)
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ 'service.name': serviceName })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const spans = new Spans(provider.getTracer('smart-link'))
  return {
    requests: (app) => traceRequests(spans, app),
    statements: (pool) => traceStatements(spans, pool),
    capture: traceCapture(spans),
    posts: (poster) => tracePosts(spans, poster),
    close: async () => {
      const stopping = new AbortController()
      const late = wait(closeLimitMs, true, { signal: stopping.signal }).catch(() => false)
      const isLate = await Promise.race([
        provider.shutdown().then(
          () => false,
          () => false,
        ),
        late,
      ])
      stopping.abort()
      if (isLate) log.warn({}, 'the last traces cannot be sent')
    },
  }
}

/** Says once that the collector takes nothing, and once that it does again. */
function watched(exporter: SpanExporter, log: CaptureLog): SpanExporter {
  let isFailing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined || result.code !== 0
        if (failed && !isFailing) log.warn({ err: result.error }, 'traces cannot be sent')
        if (!failed && isFailing) log.info({}, 'traces are sent again')
        isFailing = failed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  }
}
