import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { may } from '../accounts/scopes.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import type { Welcome } from '../http/authenticate.js'
import type { StartGivingWay } from '../http/giving-way.js'
import { varyingBy } from '../http/headers.js'
import { takenInTime } from '../http/patience.js'
import type { Api } from '../http/validate.js'
import { linkParams } from '../links/schema.js'
import { lostVisitsAnswer, streamAnswer } from './answers.js'
import type { Arrivals } from './arrivals.js'
import { type Cursors, type FeedPlace, placeOf } from './cursor.js'
import { type FeedEnd, type FeedSource, feedEnd } from './feed.js'
import type { OpenStreams } from './open-streams.js'
import { streamHeaders, streamQuery } from './schema.js'
import { settledPlace } from './settled-place.js'
import { visitEvents } from './stream.js'

export interface StreamRoutesDeps {
  db: Database
  arrivals: Arrivals
  cursors: (epoch: number) => Promise<Cursors>
  streams: OpenStreams
  isWelcome: Welcome
  startGivingWay: StartGivingWay
  reads: Pick<Reads, 'noteEach'>
  config: Pick<Config, 'outputZone' | 'streamHeartbeatMs'>
}

/** Visits as they happen, as server-sent events, of one link or of all links of the account. */
export function streamRoutes(api: Api, deps: StreamRoutesDeps): void {
  const common = {
    description:
      'Server-sent events, in the order of recording. A stream starts now, or after `Last-Event-ID` or `cursor`: whoever connects again with the last id has missed nothing and gets nothing twice. Which visits were blanked is an event too. Ids are cursors of the feed.',
    tags: ['Visits'],
    querystring: streamQuery,
    headers: streamHeaders,
    response: { 200: streamAnswer, 409: lostVisitsAnswer },
  }
  const config = { scope: 'visits:read' } as const

  api.get(
    '/link/urls/:id/visits/stream',
    {
      schema: {
        operationId: 'streamVisits',
        summary: 'Visits of a link as they happen',
        params: linkParams,
        ...common,
      },
      config,
    },
    async (request, reply) => {
      const source = { ownerId: request.caller.ownerId, linkId: request.params.id }
      return answerStream(deps, source, request.query.cursor, request, reply)
    },
  )

  const schema = { operationId: 'streamAllVisits', summary: 'Visits of all links as they happen', ...common }
  api.get('/link/visits/stream', { schema, config }, async (request, reply) => {
    const source = { ownerId: request.caller.ownerId, linkId: null }
    return answerStream(deps, source, request.query.cursor, request, reply)
  })
}

/** Between two pieces of what is behind, while requests arrive. */
const restMs = 6

const headersOf = (reply: FastifyReply) => ({
  'content-type': 'text/event-stream; charset=utf-8',
  // Kept by nobody, and neither compressed nor gathered up on its way: nginx asks for a header of its own.
  'cache-control': 'private, no-store, no-transform',
  'x-accel-buffering': 'no',
  ...varyingBy(reply, 'Authorization'),
})

async function answerStream(
  deps: StreamRoutesDeps,
  source: FeedSource,
  cursor: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const { db, arrivals, streams, reads, config, isWelcome } = deps
  const end = await feedEnd(db, source)
  const cursors = await deps.cursors(end.epoch)
  const from = await startOf(db, cursors, source, end, cursor, request)
  // Who has left meanwhile would never close what is opened for them.
  if (request.method === 'HEAD' || reply.raw.destroyed) return reply.headers(headersOf(reply)).send(Readable.from([]))

  const close = streams.open(source.ownerId)
  const gone = new AbortController()
  reply.raw.once('close', () => {
    close()
    gone.abort()
  })
  const operation = source.linkId === null ? 'streamAllVisits' : 'streamVisits'
  const events = visitEvents(
    {
      ...{ db, arrivals, giveWay: deps.startGivingWay(restMs) },
      cursorAt: (place) => cursors.write({ ...source, ...place }),
    },
    {
      ...{ source, from, heartbeatMs: config.streamHeartbeatMs, gone: gone.signal },
      view: { pii: may(request.caller, 'visits:pii'), zone: config.outputZone },
      isWelcome: () => isWelcome(request),
      note: reads.noteEach(request, { operation, linkId: source.linkId, filters: [] }),
    },
  )
  const patience = { patienceMs: 2 * config.streamHeartbeatMs, closing: arrivals.closing }
  const stream = Readable.from(takenInTime(events, reply.raw, patience), { highWaterMark: 1 })
  return reply.headers(headersOf(reply)).send(stream)
}

/** The header wins: an address that began with a cursor is asked for again with what was received since. */
async function startOf(
  db: Database,
  cursors: Cursors,
  source: FeedSource,
  end: FeedEnd,
  cursor: string | undefined,
  { headers: { 'last-event-id': lastEventId } }: FastifyRequest,
): Promise<FeedPlace> {
  // An EventSource that has received no id yet sends none, some programs an empty one.
  const [field, given] = lastEventId ? ['last-event-id', String(lastEventId)] : ['cursor', cursor]
  if (given === undefined) return { position: end.last, erased: end.lastErased, epoch: end.epoch }
  return settledPlace(db, cursors, source, end, placeOf(cursors, source, given, field))
}
