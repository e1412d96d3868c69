import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress } from '../http/address.js'
import { entityTag, isUnchanged, notModified, tagged } from '../http/conditional.js'
import { invalid } from '../http/errors.js'
import type { Api } from '../http/validate.js'
import { linkParams } from '../links/schema.js'
import type { Arrivals } from './arrivals.js'
import type { CursorPosition, Cursors } from './cursor.js'
import { type FeedEnd, type FeedSource, feedEnd, positionBefore, readFeed } from './feed.js'
import { feedQuery } from './schema.js'

export interface FeedRoutesDeps {
  db: Database
  arrivals: Arrivals
  cursors: () => Promise<Cursors>
  config: Pick<Config, 'publicUrl' | 'outputZone'>
}

/** Feeds: visits in the order of recording, from a cursor, of one link or of all links of the account. */
export function feedRoutes(api: Api, deps: FeedRoutesDeps): void {
  const querystring = feedQuery(deps.config.outputZone)
  const config = { scope: 'visits:read' } as const

  api.get(
    '/link/urls/:id/visits/feed',
    { schema: { params: linkParams, querystring }, config },
    async (request, reply) => {
      const source = { ownerId: request.caller.ownerId, linkId: request.params.id }
      return answerFeed(deps, source, request.query, request, reply)
    },
  )

  api.get('/link/visits/feed', { schema: { querystring }, config }, async (request, reply) => {
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
  const after = await startOf(deps, source, end, query)
  if (query.wait > 0 && end.last <= after) end = await waitPast(deps, source, after, query.wait, reply)

  const path = publicAddress(request, config.publicUrl)
  const tagOf = (isWhole: boolean) => {
    // On a full page nothing of the log's end shows, so it never changes.
    const reach = isWhole ? [end.last, end.lastRecordedAt] : null
    return entityTag(source, view, path, query, after, end.revision, reach)
  }
  const isNear = end.last - after <= query.limit
  // The account's positions have gaps where links were deleted: there only reading tells whether a page is full.
  if ((isNear || source.linkId !== null) && isUnchanged(request, tagOf(isNear)))
    return notModified(reply, tagOf(isNear))

  const slice = await readFeed(db, source, end, after, query.limit, view)
  const tag = tagOf(slice.isWhole)
  if (isUnchanged(request, tag)) return notModified(reply, tag)
  const cursor = (await deps.cursors()).write({ ...source, position: slice.position })
  const kept = `limit=${query.limit}${query.wait > 0 ? `&wait=${query.wait}` : ''}`
  const links = { first: null, last: null, prev: null, next: `${path}?${kept}&cursor=${cursor}` }
  const meta = {
    path,
    per_page: query.limit,
    next_cursor: cursor,
    prev_cursor: null,
    complete_through: slice.completeThrough?.toISOString() ?? null,
  }
  const tail = `"links":${JSON.stringify(links)},"meta":${JSON.stringify(meta)}`
  const body = `{"status":"OK","code":200,"message":"Visits","data":[${slice.items.join(',')}],${tail}}`
  return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
}

/** The position after which the answer starts. @throws HttpError 422 for a cursor of another feed */
async function startOf(
  { db, cursors }: FeedRoutesDeps,
  source: FeedSource,
  end: FeedEnd,
  query: FeedQuery,
): Promise<number> {
  if (query.since !== undefined) return positionBefore(db, source, end, query.since)
  if (query.cursor === undefined) return 0
  const at = (await cursors()).read(query.cursor)
  if (at === null || !isOf(at, source)) throw invalid({ cursor: ['The cursor field must be a cursor of this feed.'] })
  return at.position
}

function isOf(at: CursorPosition, { ownerId, linkId }: FeedSource): boolean {
  return at.ownerId === ownerId && at.linkId === linkId
}

/** The end of the log once it lies past a position, or when the waiting is over. */
async function waitPast(
  { db, arrivals }: FeedRoutesDeps,
  source: FeedSource,
  after: number,
  seconds: number,
  reply: FastifyReply,
) {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  let end = await feedEnd(db, source)
  await arrivals.until(source, seconds * 1000, gone.signal, async () => {
    end = await feedEnd(db, source)
    return end.last > after
  })
  return end
}
