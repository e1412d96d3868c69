import { type Receiver, startReceiver } from './receiver.js'

/** A span as it was sent, with its attributes as an object. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code?: number }
  links: { traceId: string; spanId: string }[]
  attributes: Record<string, unknown>
}

interface Attribute {
  key: string
  value: Record<string, unknown>
}

interface TraceRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: (Omit<ReceivedSpan, 'attributes'> & { attributes: Attribute[] })[] }[]
  }[]
}

export interface Collector {
  receiver: Receiver
  spans(): ReceivedSpan[]
  /** Of what all spans are. */
  resource(): Record<string, unknown>
}

/** Takes traces as OTLP in JSON, as a collector of OpenTelemetry does. */
export async function startCollector(): Promise<Collector> {
  const receiver = await startReceiver((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
  })
  const resources = () => receiver.received.flatMap(({ body }) => (JSON.parse(body) as TraceRequest).resourceSpans)
  return {
    receiver,
    spans: () =>
      resources()
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
        .map((span) => ({ ...span, attributes: asObject(span.attributes) })),
    resource: () => asObject(resources()[0]?.resource.attributes ?? []),
  }
}

function asObject(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
