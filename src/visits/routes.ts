import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { paginatedJson } from '../http/envelope.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { ownedLink } from '../links/repository.js'
import { linkParams } from '../links/schema.js'
import { pageOfVisits } from './read.js'
import { visitsQuery } from './schema.js'

export interface VisitRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'outputZone'>
}

/** Reading the visit log: lists of a link's visits. */
export function visitRoutes(api: Api, { db, config }: VisitRoutesDeps): void {
  api.get(
    '/link/urls/:id/visits',
    { schema: { params: linkParams, querystring: visitsQuery }, config: { scope: 'visits:read' } },
    async (request, reply) => {
      const { params, query, caller } = request
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const link = await ownedLink(db, caller.ownerId, params.id)
      const view = { pii: may(caller, 'visits:pii'), zone: config.outputZone }
      const page = await pageOfVisits(db, link, { number: query.page, perPage: query.per_page }, view)
      reply.type('application/json; charset=utf-8')
      return paginatedJson('Visits', page.items, pagination(page, address))
    },
  )
}
