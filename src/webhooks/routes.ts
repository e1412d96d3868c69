import type { FastifyRequest } from 'fastify'
import { may } from '../accounts/scopes.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { bodyTypes } from '../http/bodies.js'
import { bodyTag, entityTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody, success } from '../http/envelope.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { includeQuery } from '../links/schema.js'
import {
  codeAnswer,
  codeCreatedAnswer,
  webhookAnswer,
  webhookCreatedAnswer,
  webhookDeletedAnswer,
  webhooksAnswer,
  webhookUpdatedAnswer,
} from './answers.js'
import { newVerificationCode } from './code.js'
import { deliveryRoutes } from './delivery-routes.js'
import {
  createWebhook,
  deleteWebhook,
  editWebhook,
  pageOfWebhooks,
  verificationCode,
  webhookRow,
} from './repository.js'
import { webhookResource } from './resource.js'
import { editedWebhookBody, newWebhookBody, webhookParams, webhooksQuery } from './schema.js'

export interface WebhookRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl' | 'webhooks'>
}

/** Webhooks of the caller (docs/api-contract.md section 8). */
export function webhookRoutes(api: Api, deps: WebhookRoutesDeps): void {
  const { db, config } = deps
  const tags = ['Webhooks']
  const ownerOf = (request: FastifyRequest) => request.caller.ownerId
  const seesNumbers = ({ caller }: FastifyRequest) => may(caller, 'visits:pii')
  const isAskedFor = (include: 'settings' | null | undefined) => include === 'settings'

  api.get(
    '/developer/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'List webhooks',
        description: 'Newest first.',
        tags,
        querystring: webhooksQuery,
        response: { 200: webhooksAnswer, 304: unchanged },
      },
      config: { scope: 'webhooks:read' },
    },
    async (request, reply) => {
      const { page: number, per_page: perPage, filter, include } = request.query
      const page = await pageOfWebhooks(db, ownerOf(request), filter?.name ?? null, { number, perPage })
      const items = page.items.map((row) => JSON.stringify(webhookResource(row, isAskedFor(include))))
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const answer = listBody('OK', items, pagination(page, address))
      const tag = bodyTag(answer)
      if (isUnchanged(request, tag)) return notModified(reply, tag)
      return tagged(reply, tag).type('application/json; charset=utf-8').send(answer)
    },
  )

  api.post(
    '/developer/webhooks',
    {
      schema: {
        operationId: 'createWebhook',
        summary: 'Create a webhook',
        description:
          'Links name it in `webhook_id`. Each visit of such a link is posted to `uri`, which may hold placeholders behind its host. With the scope `visits:pii` numbers are sent whole, in the body and for `{mobile}`; without it they are masked, and `{mobile}` is refused.',
        tags,
        consumes: bodyTypes,
        querystring: includeQuery,
        body: newWebhookBody(config.webhooks.allowPrivate),
        response: { 200: webhookCreatedAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async (request) => {
      const row = await createWebhook(db, ownerOf(request), request.body, seesNumbers(request))
      return success('Webhook Created Successfully', webhookResource(row, isAskedFor(request.query.include)))
    },
  )

  api.get(
    '/developer/webhooks/:id',
    {
      schema: {
        operationId: 'showWebhook',
        summary: 'Show a webhook',
        tags,
        params: webhookParams,
        querystring: includeQuery,
        response: { 200: webhookAnswer, 304: unchanged },
      },
      config: { scope: 'webhooks:read' },
    },
    async (request, reply) => {
      const row = await webhookRow(db, ownerOf(request), request.params.id)
      const answer = success('OK', webhookResource(row, isAskedFor(request.query.include)))
      const tag = entityTag(answer)
      return isUnchanged(request, tag) ? notModified(reply, tag) : tagged(reply, tag).send(answer)
    },
  )

  // A POST without another verb is an edit, as for links.
  for (const method of ['PUT', 'PATCH', 'POST'] as const) {
    api.route({
      method,
      url: '/developer/webhooks/:id',
      schema: {
        operationId: 'editWebhook',
        summary: 'Edit a webhook',
        description:
          'What the body leaves out, or gives back masked, stays as it is. Where numbers are sent, and whether whole, changes with the scope `visits:pii` only. What waits to be delivered is tried at once. PATCH and POST do the same.',
        tags,
        consumes: bodyTypes,
        params: webhookParams,
        querystring: includeQuery,
        body: editedWebhookBody(config.webhooks.allowPrivate),
        response: { 200: webhookUpdatedAnswer },
      },
      config: { scope: 'webhooks:write' },
      handler: async (request) => {
        const { params, body } = request
        const row = await editWebhook(db, ownerOf(request), params.id, body, seesNumbers(request))
        return success('Webhook Updated Successfully', webhookResource(row, isAskedFor(request.query.include)))
      },
    })
  }

  api.delete(
    '/developer/webhooks/:id',
    {
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Delete a webhook',
        description: 'Nothing is sent any more, not even what waits. Links that name it go on without.',
        tags,
        params: webhookParams,
        response: { 200: webhookDeletedAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async (request) => {
      await deleteWebhook(db, ownerOf(request), request.params.id)
      return success('Webhook Deleted Successfully', [])
    },
  )

  const code = '/developer/webhooks/:id/verification-code'

  api.get(
    code,
    {
      schema: {
        operationId: 'showVerificationCode',
        summary: 'Show the verification code of a webhook',
        description: 'What a receiver verifies signatures with (Standard Webhooks).',
        tags,
        params: webhookParams,
        response: { 200: codeAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async (request, reply) => {
      const answer = { verification_code: await verificationCode(db, ownerOf(request), request.params.id) }
      return reply.header('cache-control', 'no-store').send(success('OK', answer))
    },
  )

  api.post(
    code,
    {
      schema: {
        operationId: 'renewVerificationCode',
        summary: 'Make a new verification code for a webhook',
        description: 'Everything that is sent from now on is signed with it.',
        tags,
        params: webhookParams,
        response: { 200: codeCreatedAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async (request, reply) => {
      const token = newVerificationCode()
      await editWebhook(db, ownerOf(request), request.params.id, { token }, false)
      const answer = success('Verification Code Created Successfully', { verification_code: token })
      return reply.header('cache-control', 'no-store').send(answer)
    },
  )

  deliveryRoutes(api, deps)
}
