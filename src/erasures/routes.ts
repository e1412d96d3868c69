import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { bodyTypes } from '../http/bodies.js'
import { bodyTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody, success } from '../http/envelope.js'
import { pageQuery } from '../http/page-query.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { mobileRule } from '../recipients/mobile.js'
import { erasureBody } from '../recipients/schema.js'
import { erasedAnswer, erasuresAnswer } from './answers.js'
import { erasePerson } from './erase.js'
import { pageOfErasures } from './list.js'
import { erasedResource, erasureResource } from './resource.js'

export interface ErasureRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'defaultCountry'>
}

/** A person is blanked everywhere in the account, and who asked for that. */
export function erasureRoutes(api: Api, { db, config }: ErasureRoutesDeps): void {
  const tags = ['Recipients']
  const rule = mobileRule(config.defaultCountry)

  api.post(
    '/recipients/erase',
    {
      schema: {
        operationId: 'eraseRecipient',
        summary: 'Blank a person everywhere',
        description:
          'Recipients of all links with this number, in any spelling, lose it, their message and their token, which goes on leading to the link; their visits lose token, message, number, address and query. Rows stay counted. Answered when all is done; asking again changes nothing, and goes on where a request was cut off. Without the scope `visits:pii` it does not say how much there was.',
        tags,
        consumes: bodyTypes,
        body: erasureBody,
        response: { 200: erasedAnswer },
      },
      config: { scope: 'recipients:erase' },
    },
    async ({ body, caller }) => {
      const erasure = await erasePerson(db, caller.ownerId, body.mobile, caller.token.id, undefined, rule)
      return success('Recipient Erased Successfully', erasedResource(erasure, may(caller, 'visits:pii')))
    },
  )

  api.get(
    '/recipients/erasures',
    {
      schema: {
        operationId: 'listErasures',
        summary: 'List erasures',
        description: 'Newest first. None of them has the number.',
        tags,
        querystring: pageQuery,
        response: { 200: erasuresAnswer, 304: unchanged },
      },
      config: { scope: 'recipients:erase' },
    },
    async (request, reply) => {
      const { query, caller } = request
      const page = await pageOfErasures(db, caller.ownerId, { number: query.page, perPage: query.per_page })
      const seesNumbers = may(caller, 'visits:pii')
      const items = page.items.map((erasure) => JSON.stringify(erasureResource(erasure, seesNumbers)))
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const body = listBody('Erasures', items, pagination(page, address))
      const tag = bodyTag(body)
      if (isUnchanged(request, tag)) return notModified(reply, tag)
      return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
    },
  )
}
