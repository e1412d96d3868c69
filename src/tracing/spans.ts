import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, type Span, type SpanOptions, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'

/**
 * Spans, and which one the code that runs is part of.
 *
 * Nothing is taken from `traceparent` headers: anybody may open a short link, and would decide what is traced. Nor are any sent.
 */
export class Spans {
  readonly #tracer: Tracer
  readonly #current = new AsyncLocalStorage<Span>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  current(): Span | undefined {
    return this.#current.getStore()
  }

  /** Begins a span; whoever begins it ends it. @param parent undefined: a trace of its own */
  begin(name: string, options: SpanOptions, parent: Span | undefined): Span {
    return this.#tracer.startSpan(name, options, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT)
  }

  /** Whatever `work` does, and goes on doing later, is part of the span. */
  within<T>(span: Span, work: () => T): T {
    return this.#current.run(span, work)
  }

  /** A trace of its own around `work`. */
  async around<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.begin(name, options, undefined)
    try {
      return await this.within(span, () => work(span))
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  }
}

/** Says what kind of error it was. Never its text: it may quote a request or a row. */
export function fail(span: Span, error: unknown): void {
  const { code, name } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, name: typeof error }
  span.setAttribute('error.type', code ?? name)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
