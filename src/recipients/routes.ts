import type { FastifyRequest } from 'fastify'
import { maskedSender } from '../accounts/scopes.js'
import { requireNumbers } from '../audit/numbers.js'
import { shownOf } from '../audit/read.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import type { Database } from '../database/open.js'
import { mapInStretches } from '../event-loop.js'
import { publicAddress, rawQuery, requestOrigin } from '../http/address.js'
import { bodyTypes } from '../http/bodies.js'
import { bodyTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody, success } from '../http/envelope.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { linkParams } from '../links/schema.js'
import { recipientsAnswer, recipientsCreatedAnswer } from './answers.js'
import { createRecipients } from './create.js'
import type { WantedRecipient } from './match.js'
import { mobileRule } from './mobile.js'
import { mobileSearch } from './mobile-search.js'
import { pageOfPerson, pageOfRecipients } from './read.js'
import type { Recipient } from './recipient.js'
import { type RecipientView, recipientResource, timeTexts } from './resource.js'
import { givenRecipients, recipientsBody, recipientsBodyLimit, recipientsQuery } from './schema.js'

export interface RecipientRoutesDeps {
  db: Database
  reads: Pick<Reads, 'note'>
  config: Pick<Config, 'publicUrl' | 'shortUrl' | 'outputZone' | 'defaultCountry'>
}

/** The people a link is sent to: a token for each, and who of them has opened it. */
export function recipientRoutes(api: Api, { db, reads, config }: RecipientRoutesDeps): void {
  const rule = mobileRule(config.defaultCountry)
  const note = (
    request: FastifyRequest,
    operation: 'createRecipients' | 'listRecipients',
    linkId: number,
    recipients: Recipient[],
    filters: string[] = [],
  ) => reads.note(request, { operation, linkId, filters }, shownOf(recipients.map(({ id }) => id)))
  const viewOf = (request: FastifyRequest, leadsToMobile: boolean): RecipientView => ({
    sender: maskedSender(request.caller),
    leadsToMobile,
    timeText: timeTexts(config.outputZone),
    shortBase: config.shortUrl ?? config.publicUrl ?? requestOrigin(request),
  })

  api.post(
    '/link/urls/:id/recipients',
    {
      schema: {
        operationId: 'createRecipients',
        summary: 'Give recipients short URLs of their own',
        description:
          'In the order of the request. Those who have one already keep it, however their number is spelt; it is shown as it was given first. Without the scope `visits:pii` no answer tells whether a number is right: a known `message_id` gives its recipient, whatever number comes with it, and of numbers without one only those are known that the same token has brought (of JWTs that were signed elsewhere, one with the same claims).',
        tags: ['Recipients'],
        consumes: bodyTypes,
        params: linkParams,
        body: recipientsBody(config.outputZone),
        response: { 200: recipientsCreatedAnswer },
      },
      bodyLimit: recipientsBodyLimit,
      config: { scope: 'links:write' },
    },
    async (request, reply) => {
      const given = await givenRecipients(request.body, config.outputZone)
      const wanted = given.map(({ mobile, message_id: messageId, sent_at: sentAt }) => ({ mobile, messageId, sentAt }))
      const { caller, params } = request
      const sender = maskedSender(caller)
      const made = await createRecipients(db, caller.ownerId, params.id, wanted, rule, sender)
      const { recipients, leadsToMobile } = made
      note(request, 'createRecipients', params.id, recipients, sender === null ? [] : namedBy(wanted))
      const view = viewOf(request, leadsToMobile)
      const items = await mapInStretches(recipients, (one, nth) =>
        Buffer.from(`${nth === 0 ? '' : ','}${JSON.stringify(recipientResource(one, view))}`),
      )
      const [head = '', tail = ''] = JSON.stringify(success('Recipients Created Successfully', [])).split('[]')
      const body = Buffer.concat([Buffer.from(`${head}[`), ...items, Buffer.from(`]${tail}`)])
      return reply.type('application/json; charset=utf-8').send(body)
    },
  )

  api.get(
    '/link/urls/:id/recipients',
    {
      schema: {
        operationId: 'listRecipients',
        summary: 'List the recipients of a link',
        description: 'Newest first.',
        tags: ['Recipients'],
        params: linkParams,
        querystring: recipientsQuery,
        response: { 200: recipientsAnswer, 304: unchanged },
      },
      config: { scope: 'links:read' },
    },
    async (request, reply) => {
      const { params, query, caller } = request
      const { visited: wanted, mobile } = query.filter ?? {}
      const filters = mobile === undefined ? [] : ['mobile']
      requireNumbers(reads, request, { operation: 'listRecipients', linkId: params.id, filters })
      const visited = wanted === undefined ? null : wanted === '1'
      const pageRequest = { number: query.page, perPage: query.per_page }
      const page =
        mobile === undefined
          ? await pageOfRecipients(db, caller.ownerId, params.id, pageRequest, visited)
          : await pageOfPerson(db, caller.ownerId, params.id, pageRequest, visited, mobileSearch(rule, [mobile]))
      const view = viewOf(request, page.leadsToMobile)
      const items = page.items.map((recipient) => JSON.stringify(recipientResource(recipient, view)))
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const body = listBody('Recipients', items, pagination(page, address))
      const tag = bodyTag(body)
      if (isUnchanged(request, tag)) return notModified(reply, tag)
      note(request, 'listRecipients', params.id, page.items, filters)
      return tagged(reply, tag).type('application/json; charset=utf-8').send(body)
    },
  )
}

/** Names of what tells one person from others, for the audit. */
function namedBy(wanted: WantedRecipient[]): string[] {
  return wanted.some(({ messageId }) => messageId !== null) ? ['message_id', 'mobile'] : ['mobile']
}
