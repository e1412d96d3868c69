import type { FastifyRequest } from 'fastify'
import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { entityTag, isUnchanged, notModified, tagged } from '../http/conditional.js'
import { paginatedJson } from '../http/envelope.js'
import { forbidden } from '../http/errors.js'
import { type PageAddress, pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { type LinkPositions, ownedLink } from '../links/repository.js'
import { linkParams } from '../links/schema.js'
import { isDense, needsNumbers, visitFilters } from './filters.js'
import { frozenAt } from './frozen.js'
import { pageOfVisits } from './pages.js'
import { ReadyBodies } from './ready-bodies.js'
import type { VisitView } from './resource.js'
import { visitsQuery } from './schema.js'
import { FilteredTags } from './tags.js'

export interface VisitRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'outputZone'>
}

/** The list of a link's visits. */
export function visitRoutes(api: Api, { db, config }: VisitRoutesDeps): void {
  const ready = new ReadyBodies()
  const filteredTags = new FilteredTags()
  const schema = { params: linkParams, querystring: visitsQuery(config.outputZone) }

  api.get('/link/urls/:id/visits', { schema, config: { scope: 'visits:read' } }, async (request, reply) => {
    const { params, query, caller } = request
    const filters = visitFilters(query)
    const view = { pii: may(caller, 'visits:pii'), zone: config.outputZone }
    if (!view.pii && needsNumbers(filters)) throw forbidden('visits:pii')

    const newest = await ownedLink(db, caller.ownerId, params.id)
    const link = query.as_of === undefined ? newest : await frozenAt(db, newest, query.as_of)
    const address = pageAddress(request, config, query.as_of === undefined ? null : link.visits)
    const state = listState(link, filters.bots === 'exclude' && isDense(filters), view, request, address.path)
    const tag = isDense(filters) ? entityTag(state) : filteredTags.known(state)
    if (tag !== null && isUnchanged(request, tag)) return notModified(reply, tag)

    const known = tag === null ? undefined : ready.find(tag)
    if (tag !== null && known !== undefined) return tagged(reply, tag).type(json).send(known)

    const page = await pageOfVisits(db, link, filters, { number: query.page, perPage: query.per_page }, view)
    const body = paginatedJson('Visits', page.items, pagination(page, address))
    const bodyTag = tag ?? filteredTags.learn(state, body)
    if (isUnchanged(request, bodyTag)) return notModified(reply, bodyTag)
    ready.offer(bodyTag, body)
    return tagged(reply, bodyTag).type(json).send(body)
  })
}

const json = 'application/json; charset=utf-8'

/** Everything that the body of a list is made of, without reading a visit. */
function listState(
  link: LinkPositions,
  people: boolean,
  view: VisitView,
  request: FastifyRequest,
  path: string,
): unknown[] {
  const reach = people ? [link.firstHumanSeq, link.humanVisits] : [link.firstSeq, link.visits]
  return [link.ownerId, link.id, link.revision, reach, view, path, rawQuery(request)]
}

/** Paging URLs carry the request's parameters; a list frozen at "now" carries the position that this turned out to be. */
function pageAddress(request: FastifyRequest, config: Pick<Config, 'publicUrl'>, position: number | null): PageAddress {
  const query = parseQueryString(rawQuery(request))
  if (position !== null) query.set('as_of', String(position))
  return { path: publicAddress(request, config.publicUrl), query }
}
