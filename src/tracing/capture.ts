import type { Link, SpanContext } from '@opentelemetry/api'
import type { Recorder } from '../capture/recorder.js'
import type { Way } from '../capture/way.js'
import type { NewVisit } from '../visits/visit.js'
import type { Spans } from './spans.js'

/** Traces how clicks become visits. */
export interface TracedCapture {
  way(way: Way): Way
  recorder(recorder: Recorder): Recorder
}

/** More would not be kept by the SDK. */
const mostLinks = 128

/** A span for each commit, which many clicks share: so it is a trace of its own, with links to the requests of its clicks. */
export function traceCapture(spans: Spans): TracedCapture {
  const requests = new WeakMap<NewVisit, SpanContext>()
  const linksOf = (visits: NewVisit[]): Link[] =>
    visits.slice(0, mostLinks).flatMap((visit) => {
      const context = requests.get(visit)
      return context === undefined ? [] : [{ context }]
    })
  return {
    way: (way) => ({
      ...way,
      commit: (ownerId, visits, options) => {
        const attributes = { 'smart_link.commit.way': way.name, 'smart_link.commit.visits': visits.length }
        return spans.around('commit visits', { attributes, links: linksOf(visits) }, () =>
          way.commit(ownerId, visits, options),
        )
      },
    }),
    recorder: (recorder) => ({
      ...recorder,
      record: (ownerId, visit, isLimited) => {
        const request = spans.current()
        if (request) requests.set(visit, request.spanContext())
        return recorder.record(ownerId, visit, isLimited)
      },
    }),
  }
}
