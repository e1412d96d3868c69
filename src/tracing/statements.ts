import { AsyncResource } from 'node:async_hooks'
import { type Span, SpanKind } from '@opentelemetry/api'
import type pg from 'pg'
import { fail, type Spans } from './spans.js'

type Done = (error: Error | null | undefined, result: unknown) => void

/**
 * A span for each statement that is sent within another span: by its text, in which values are never written (they are bound).
 * What goes on in the background, such as looking for work every second, has none. A statement that reads for several requests
 * at once (shared-reads.ts) belongs to the one that came first.
 */
export function traceStatements(spans: Spans, pool: pg.Pool): void {
  const { connect } = pool
  // Who waits for a connection gets it when another lets it go, and would go on as a part of that one's span.
  const connectBound = (done?: (...given: unknown[]) => void) =>
    Reflect.apply(connect, pool, done === undefined ? [] : [AsyncResource.bind(done)])
  Object.assign(pool, { connect: connectBound })
  pool.on('connect', (client) => {
    const { query } = client
    Object.assign(client, {
      query: (...given: unknown[]) => {
        const parent = spans.current()
        const text = textOf(given[0])
        if (parent === undefined || text === null) return Reflect.apply(query, client, given)
        const span = spans.begin(summaryOf(text), { kind: SpanKind.CLIENT, attributes: attributesOf(text) }, parent)
        return send(span, given, (sent) => Reflect.apply(query, client, sent))
      },
    })
  })
}

/** Ends the span with the answer, which comes to a callback or as a promise. */
function send(span: Span, given: unknown[], query: (given: unknown[]) => unknown): unknown {
  const end: Done = (error, result) => {
    const { rowCount } = (result ?? {}) as { rowCount?: number | null }
    if (error) fail(span, error)
    else if (typeof rowCount === 'number') span.setAttribute('db.response.returned_rows', rowCount)
    span.end()
  }
  const done = given.at(-1)
  if (typeof done === 'function') {
    const ending: Done = (error, result) => {
      end(error, result)
      done(error, result)
    }
    return query([...given.slice(0, -1), ending])
  }
  const answer = query(given)
  if (answer instanceof Promise)
    answer.then(
      (result) => end(null, result),
      (error) => end(error, null),
    )
  else span.end()
  return answer
}

/** Null for what is no plain statement, such as a cursor. */
function textOf(given: unknown): string | null {
  if (typeof given === 'string') return given
  if (!(given instanceof Object) || 'submit' in given) return null
  return 'text' in given && typeof given.text === 'string' ? given.text : null
}

/** Such as `SELECT links`. */
function summaryOf(text: string): string {
  const verb = /[a-z]+/i.exec(text)?.[0]?.toUpperCase() ?? 'statement'
  const table = /\b(?:FROM|INTO|UPDATE)\s+(?:"?public"?\.)?"?([a-z_]+)"?(?![\w(])/.exec(text)?.[1]
  return table === undefined ? verb : `${verb} ${table}`
}

const longestText = 1_000

function attributesOf(text: string) {
  const withoutLiterals = text.replace(/'(?:[^']|'')*'/g, '?').trim()
  return { 'db.system.name': 'postgresql', 'db.query.text': withoutLiterals.slice(0, longestText) }
}
