import type { FastifyRequest } from 'fastify'
import { may } from '../accounts/scopes.js'
import { requireNumbers } from '../audit/numbers.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { entityTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody } from '../http/envelope.js'
import { type PageAddress, pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import type { LinkPositions } from '../links/positions.js'
import { ownedLink } from '../links/repository.js'
import { linkParams } from '../links/schema.js'
import { visitsAnswer } from './answers.js'
import { isDense, personalFilters, type VisitFilters, visitFilters } from './filters.js'
import { frozenAt } from './frozen.js'
import { linkWithPage, pageOfVisits, reach } from './pages.js'
import type { ReadyBodies } from './ready-bodies.js'
import type { VisitView } from './resource.js'
import { visitsQuery } from './schema.js'
import { FilteredTags } from './tags.js'

export interface VisitRoutesDeps {
  db: Database
  /** Bodies of pages that were answered before. */
  ready: ReadyBodies
  reads: Pick<Reads, 'note'>
  config: Pick<Config, 'publicUrl' | 'outputZone' | 'defaultCountry'>
}

/** The list of a link's visits. */
export function visitRoutes(api: Api, { db, ready, reads, config }: VisitRoutesDeps): void {
  const filteredTags = new FilteredTags()
  const schema = {
    operationId: 'listVisits' as const,
    summary: 'List the visits of a link',
    description: 'Newest recorded first. `as_of` freezes a walk over the pages while visits arrive.',
    tags: ['Visits'],
    params: linkParams,
    querystring: visitsQuery(config.outputZone, config.defaultCountry),
    response: { 200: visitsAnswer, 304: unchanged },
  }

  api.get('/link/urls/:id/visits', { schema, config: { scope: 'visits:read' } }, async (request, reply) => {
    const { params, query, caller } = request
    const filters = visitFilters(query)
    const view = { pii: may(caller, 'visits:pii'), zone: config.outputZone }
    const read = { operation: schema.operationId, linkId: params.id, filters: personalFilters(filters) } as const
    requireNumbers(reads, request, read)

    const wanted = { number: query.page, perPage: query.per_page }
    const key = { ownerId: caller.ownerId, id: params.id }
    // What the client does not have, and nobody asked for lately, is read together with the link; with replicas, rows are
    // read there, and only the link from the primary.
    const isNew = request.headers['if-none-match'] === undefined && ready.isNew(`${key.ownerId} ${request.originalUrl}`)
    const both = isNew && !db.replicas.isUsable ? await linkWithPage(db, key, filters, query.as_of, wanted, view) : null
    const newest = both?.link ?? (await ownedLink(db, key.ownerId, key.id))
    const link = query.as_of === undefined ? newest : await frozenAt(db, newest, query.as_of, filters)
    const address = pageAddress(request, config, query.as_of === undefined ? null : link.visits)
    const state = listState(link, filters, view, request, address.path)
    const tag = isDense(filters) ? entityTag(state) : filteredTags.known(state)
    if (tag !== null && isUnchanged(request, tag)) return notModified(reply, tag)

    const known = tag === null ? undefined : ready.find(tag)
    if (tag !== null && known !== undefined) {
      reads.note(request, read, known.shown)
      tagged(reply, tag).type(json)
      return known.body
    }

    // Returned, not sent from here: of pages that were read together, all are made before the first one goes out.
    const page = both?.page ?? (await pageOfVisits(db, link, filters, wanted, view))
    const body = listBody('Visits', page.items, pagination(page, address))
    const bodyTag = tag ?? filteredTags.learn(link.epoch, state, body)
    if (isUnchanged(request, bodyTag)) return notModified(reply, bodyTag)
    ready.offer(bodyTag, { body, shown: page.shown })
    reads.note(request, read, page.shown)
    tagged(reply, bodyTag).type(json)
    return body
  })
}

const json = 'application/json; charset=utf-8'

/** Everything that the body of a list is made of, without reading a visit. */
function listState(
  link: LinkPositions,
  filters: VisitFilters,
  view: VisitView,
  request: FastifyRequest,
  path: string,
): unknown[] {
  // Filters may find anything among all visits.
  const { first, last } = isDense(filters) ? reach(link, filters) : { first: link.firstSeq, last: link.visits }
  return [link.ownerId, link.id, link.epoch, link.revision, first, last, view, path, rawQuery(request)]
}

/** Paging URLs carry the request's parameters; a list frozen at "now" carries the position that this turned out to be. */
function pageAddress(request: FastifyRequest, config: Pick<Config, 'publicUrl'>, position: number | null): PageAddress {
  const query = parseQueryString(rawQuery(request))
  if (position !== null) query.set('as_of', String(position))
  return { path: publicAddress(request, config.publicUrl), query }
}
