import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { cursorList } from '../http/cursor-list.js'
import { success } from '../http/envelope.js'
import type { Api } from '../http/validate.js'
import { deliveriesAnswer, deliveriesReplayedAnswer, deliveryReplayedAnswer } from './answers.js'
import { replayDelivery, replayParked, sliceOfDeliveries } from './deliveries.js'
import { webhookRow } from './repository.js'
import { deliveryResource } from './resource.js'
import { deliveriesQuery, deliveryParams, webhookParams } from './schema.js'

export interface DeliveryRoutesDeps {
  db: Database
  config: Pick<Config, 'publicUrl'>
}

/** What became of telling a webhook of visits, and telling it again. */
export function deliveryRoutes(api: Api, { db, config }: DeliveryRoutesDeps): void {
  const tags = ['Webhooks']

  api.get(
    '/developer/webhooks/:id/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        summary: 'List deliveries of a webhook',
        description: 'Newest first. Those that were made are kept for some days (`WEBHOOK_KEEP_DAYS`).',
        tags,
        params: webhookParams,
        querystring: deliveriesQuery,
        response: { 200: deliveriesAnswer },
      },
      config: { scope: 'webhooks:read' },
    },
    async (request) => {
      const { params, query, caller } = request
      await webhookRow(db, caller.ownerId, params.id)
      const state = query.filter?.state ?? null
      const choice = { state, after: query.cursor ?? null, most: query.limit }
      const { items, cursor } = await sliceOfDeliveries(db, caller.ownerId, params.id, choice)
      return cursorList(request, config.publicUrl, { items: items.map(deliveryResource), cursor }, query.limit)
    },
  )

  api.post(
    '/developer/webhooks/:id/deliveries/replay',
    {
      schema: {
        operationId: 'replayDeliveries',
        summary: 'Replay all parked deliveries of a webhook',
        tags,
        params: webhookParams,
        response: { 200: deliveriesReplayedAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async ({ caller, params }) => {
      await webhookRow(db, caller.ownerId, params.id)
      const replayed = await replayParked(db, caller.ownerId, params.id)
      return success('Deliveries Replayed Successfully', { replayed })
    },
  )

  api.post(
    '/developer/webhooks/:id/deliveries/:delivery/replay',
    {
      schema: {
        operationId: 'replayDelivery',
        summary: 'Replay a delivery of a webhook',
        description: 'One that was given up, or made. One that waits is tried at once.',
        tags,
        params: deliveryParams,
        response: { 200: deliveryReplayedAnswer },
      },
      config: { scope: 'webhooks:write' },
    },
    async ({ caller, params }) => {
      await webhookRow(db, caller.ownerId, params.id)
      await replayDelivery(db, caller.ownerId, params.id, params.delivery)
      return success('Delivery Replayed Successfully', [])
    },
  )
}
