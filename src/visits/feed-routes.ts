import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { may } from '../accounts/scopes.js'
import { shownOf } from '../audit/read.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress } from '../http/address.js'
import type { Welcome } from '../http/authenticate.js'
import { entityTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody } from '../http/envelope.js'
import { unauthenticated } from '../http/errors.js'
import type { Api } from '../http/validate.js'
import { linkParams } from '../links/schema.js'
import { feedAnswer, lostVisitsAnswer } from './answers.js'
import type { Arrivals } from './arrivals.js'
import { type Cursors, type FeedPlace, placeOf } from './cursor.js'
import { readErased } from './erased.js'
import { type FeedEnd, type FeedSource, feedEnd, hasMore, keptAfter, positionBefore, readFeed } from './feed.js'
import { feedQuery } from './schema.js'
import { settledPlace } from './settled-place.js'

export interface FeedRoutesDeps {
  db: Database
  arrivals: Arrivals
  cursors: (epoch: number) => Promise<Cursors>
  isWelcome: Welcome
  reads: Pick<Reads, 'note'>
  config: Pick<Config, 'publicUrl' | 'outputZone'>
}

/** Feeds: visits in the order of recording, from a cursor, of one link or of all links of the account. */
export function feedRoutes(api: Api, deps: FeedRoutesDeps): void {
  const common = {
    description:
      'In the order of recording. Go to `links.next` for ever: it never expires, and no visit can be missed. `wait` keeps a request that has nothing to show until a visit arrives. `meta.erased` names visits that were blanked since: whoever has copies must blank them too.',
    tags: ['Visits'],
    querystring: feedQuery(deps.config.outputZone),
    response: { 200: feedAnswer, 304: unchanged, 409: lostVisitsAnswer },
  }
  const config = { scope: 'visits:read' } as const

  api.get(
    '/link/urls/:id/visits/feed',
    {
      schema: { operationId: 'followVisits', summary: 'Follow the visits of a link', params: linkParams, ...common },
      config,
    },
    async (request, reply) => {
      const source = { ownerId: request.caller.ownerId, linkId: request.params.id }
      return answerFeed(deps, source, request.query, request, reply)
    },
  )

  const schema = { operationId: 'followAllVisits', summary: 'Follow the visits of all links', ...common }
  api.get('/link/visits/feed', { schema, config }, async (request, reply) => {
    return answerFeed(deps, { ownerId: request.caller.ownerId, linkId: null }, request.query, request, reply)
  })
}

type FeedQuery = z.output<ReturnType<typeof feedQuery>>

async function answerFeed(
  deps: FeedRoutesDeps,
  source: FeedSource,
  query: FeedQuery,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const { db, config } = deps
  const view = { pii: may(request.caller, 'visits:pii'), zone: config.outputZone }
  let end = await feedEnd(db, source)
  let from = await startOf(deps, source, end, query)
  if (!hasMore(end, from) && query.wait > 0) {
    end = await waitPast(deps, source, from, query.wait, request, reply)
    if (!(await deps.isWelcome(request))) throw unauthenticated()
    from = await settledPlace(db, await deps.cursors(end.epoch), source, end, from)
  }

  const path = publicAddress(request, config.publicUrl)
  const tagOf = (isWhole: boolean) => {
    // On a full page nothing of the log's end shows, so it never changes.
    const reach = isWhole ? [end.last, end.lastRecordedAt] : null
    return entityTag(source, view, path, query, start, end.epoch, end.revision, end.lastErased, reach)
  }
  const start = keptAfter(end, from.position)
  const isNear = end.last - start <= query.limit
  // The account's positions have gaps where links were deleted: there only reading tells whether a page is full.
  if ((isNear || source.linkId !== null) && isUnchanged(request, tagOf(isNear)))
    return notModified(reply, tagOf(isNear))

  const slice = await readFeed(db, source, end, from.position, query.limit, view)
  const tag = tagOf(slice.isWhole)
  if (isUnchanged(request, tag)) return notModified(reply, tag)
  const operation = source.linkId === null ? 'followAllVisits' : 'followVisits'
  deps.reads.note(request, { operation, linkId: source.linkId, filters: [] }, shownOf(slice.positions))
  const { ids, erased } = await readErased(db, source, end, from.erased, query.limit)
  const cursor = (await deps.cursors(end.epoch)).write({
    ...source,
    position: slice.position,
    erased,
    epoch: end.epoch,
  })
  const kept = `limit=${query.limit}${query.wait > 0 ? `&wait=${query.wait}` : ''}`
  const links = { first: null, last: null, prev: null, next: `${path}?${kept}&cursor=${cursor}` }
  const meta = {
    path,
    per_page: query.limit,
    next_cursor: cursor,
    prev_cursor: null,
    complete_through: slice.completeThrough?.toISOString() ?? null,
    erased: ids,
  }
  const body = listBody('Visits', slice.items, { links, meta })
  return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
}

/**
 * The place after which the answer starts. Who starts anew reads blank what is blank by now.
 *
 * @throws HttpError 422 for a cursor of another feed, 409 for one that has seen visits which the log has lost
 */
async function startOf(
  { db, cursors }: FeedRoutesDeps,
  source: FeedSource,
  end: FeedEnd,
  query: FeedQuery,
): Promise<FeedPlace> {
  const { lastErased: erased, epoch } = end
  if (query.since !== undefined) return { position: await positionBefore(db, source, end, query.since), erased, epoch }
  if (query.cursor === undefined) return { position: 0, erased, epoch }
  const signing = await cursors(epoch)
  return settledPlace(db, signing, source, end, placeOf(signing, source, query.cursor))
}

/** The end of the log once there is more than up to a place, or when the waiting is over. It is for who is not welcome any more. */
async function waitPast(
  { db, arrivals, isWelcome }: FeedRoutesDeps,
  source: FeedSource,
  from: FeedPlace,
  seconds: number,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  let end = await feedEnd(db, source)
  await arrivals.until(source, seconds * 1000, gone.signal, async () => {
    end = await feedEnd(db, source)
    return hasMore(end, from) || !(await isWelcome(request))
  })
  return end
}
