import type { FastifyRequest } from 'fastify'
import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import { type Database, statement } from '../database/open.js'
import { publicAddress, rawQuery, requestOrigin } from '../http/address.js'
import { bodyTypes } from '../http/bodies.js'
import { bodyTag, entityTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody, success } from '../http/envelope.js'
import { notFound } from '../http/errors.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { linkAnswer, linkCreatedAnswer, linkDeletedAnswer, linksAnswer, linkUpdatedAnswer } from './answers.js'
import { createLink } from './create.js'
import { deleteLink } from './delete.js'
import { editLink } from './edit.js'
import { pageOfLinks } from './list.js'
import { refuseShortAddresses } from './own-address.js'
import { type LinkRow, type LinkView, linkColumns, linkResource, savedLinkResource } from './resource.js'
import { includeQuery, linkBody, linkParams, linksQuery } from './schema.js'

export interface LinkRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'shortUrl' | 'outputZone' | 'targetSchemes'>
}

/** Links of the caller. */
export function linkRoutes(api: Api, { db, config }: LinkRoutesDeps): void {
  const { outputZone: zone } = config
  const body = linkBody(config)
  const tags = ['Links']
  const seesNumbers = ({ caller }: FastifyRequest) => may(caller, 'visits:pii')
  const viewOf = (request: FastifyRequest, include: 'settings' | null | undefined): LinkView => ({
    shortBase: config.shortUrl ?? config.publicUrl ?? requestOrigin(request),
    withSettings: include === 'settings',
  })

  api.get(
    '/link/urls',
    {
      schema: {
        operationId: 'listLinks',
        summary: 'List links',
        description: 'Newest first.',
        tags,
        querystring: linksQuery,
        response: { 200: linksAnswer, 304: unchanged },
      },
      config: { scope: 'links:read' },
    },
    async (request, reply) => {
      const { query, caller } = request
      const view = viewOf(request, query.include)
      const page = await pageOfLinks(db, caller.ownerId, query, { number: query.page, perPage: query.per_page }, zone)
      const items = page.items.map((row) => JSON.stringify(linkResource(row, view)))
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const answer = listBody('OK', items, pagination(page, address))
      const tag = bodyTag(answer)
      if (isUnchanged(request, tag)) return notModified(reply, tag)
      return tagged(reply, tag).type('application/json; charset=utf-8').send(answer)
    },
  )

  api.post(
    '/link/urls',
    {
      schema: {
        operationId: 'createLink',
        summary: 'Create a link',
        description: `${numbersText}.`,
        tags,
        consumes: bodyTypes,
        querystring: includeQuery,
        body,
        response: { 200: linkCreatedAnswer },
      },
      config: { scope: 'links:write' },
    },
    async (request) => {
      const view = viewOf(request, request.query.include)
      refuseShortAddresses(request.body, view.shortBase)
      const row = await createLink(db, request.caller.ownerId, request.body, zone, seesNumbers(request))
      return success('Link Created Successfully', savedLinkResource(row, view))
    },
  )

  api.get(
    '/link/urls/:id',
    {
      schema: {
        operationId: 'showLink',
        summary: 'Show a link',
        tags,
        params: linkParams,
        querystring: includeQuery,
        response: { 200: linkAnswer, 304: unchanged },
      },
      config: { scope: 'links:read' },
    },
    async (request, reply) => {
      const row = await linkRow(db, request.caller.ownerId, request.params.id, zone)
      const answer = success('OK', linkResource(row, viewOf(request, request.query.include)))
      const tag = entityTag(answer)
      return isUnchanged(request, tag) ? notModified(reply, tag) : tagged(reply, tag).send(answer)
    },
  )

  // A POST without another verb is an edit, never a deletion (docs/api-contract.md section 4).
  for (const method of ['PUT', 'PATCH', 'POST'] as const) {
    api.route({
      method,
      url: '/link/urls/:id',
      schema: {
        operationId: 'editLink',
        summary: 'Edit a link',
        description: `What the body leaves out stays as it is, but \`long_url\` is always needed. ${numbersText}, and so do changes of what has it already. PATCH and POST do the same.`,
        tags,
        consumes: bodyTypes,
        params: linkParams,
        querystring: includeQuery,
        body,
        response: { 200: linkUpdatedAnswer },
      },
      config: { scope: 'links:write' },
      handler: async (request) => {
        const view = viewOf(request, request.query.include)
        refuseShortAddresses(request.body, view.shortBase)
        const { caller, params } = request
        const row = await editLink(db, caller.ownerId, params.id, request.body, zone, seesNumbers(request))
        return success('Link Updated Successfully', savedLinkResource(row, view))
      },
    })
  }

  api.delete(
    '/link/urls/:id',
    {
      schema: {
        operationId: 'deleteLink',
        summary: 'Delete a link',
        description: 'At once and for good: its visits go in the background, its short URLs are never given out again.',
        tags,
        params: linkParams,
        response: { 200: linkDeletedAnswer },
      },
      config: { scope: 'links:write' },
    },
    async (request) => {
      await deleteLink(db, request.caller.ownerId, request.params.id)
      return success('Link Deleted Successfully', [])
    },
  )
}

const numbersText =
  '`{mobile}` in `long_url`, `fallback_url` or `rules`, and a `webhook_id` that is told whole numbers, need the scope `visits:pii`'

/** @throws HttpError 404 for a missing link and for one of somebody else */
async function linkRow(db: Database, ownerId: number, id: number, zone: string): Promise<LinkRow> {
  const { rows } = await db.pool.query<LinkRow>(oneLink([ownerId, id, zone]))
  const row = rows[0]
  if (row === undefined) throw notFound()
  return row
}

const oneLink = statement(
  `SELECT ${linkColumns('$3')} FROM links l WHERE l.user_id = $1 AND l.id = $2 AND l.deleted_at IS NULL`,
)
