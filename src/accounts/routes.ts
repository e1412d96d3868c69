import type { Config } from '../config.js'
import type { Notifications } from '../database/notifications.js'
import type { Database } from '../database/open.js'
import { publicAddress, rawQuery } from '../http/address.js'
import { bodyTypes } from '../http/bodies.js'
import { bodyTag, isUnchanged, notModified, tagged, unchanged } from '../http/conditional.js'
import { listBody, success } from '../http/envelope.js'
import { invalid } from '../http/errors.js'
import type { JwtKeys } from '../http/jwt.js'
import { pagination } from '../http/paginate.js'
import { parseQueryString } from '../http/query-string.js'
import type { Api } from '../http/validate.js'
import { callerAnswer, tokenCreatedAnswer, tokenRevokedAnswer, tokensAnswer } from './answers.js'
import { createToken, type NewToken } from './create-token.js'
import { withinCaller } from './least-privilege.js'
import { pageOfTokens } from './list-tokens.js'
import { findOwner } from './owners.js'
import { callerResource, tokenResource } from './resource.js'
import { revokeTokenEverywhere } from './revoke-everywhere.js'
import { refuseQueryFields, tokenBody, tokenParams, tokensQuery } from './schema.js'
import { signToken } from './sign-token.js'
import type { TokenUses } from './token-uses.js'

export interface AccountRoutesDeps {
  db: Database
  notifications: Notifications
  jwtKeys: JwtKeys
  uses: Pick<TokenUses, 'flush'>
  config: Pick<Config, 'publicUrl' | 'outputZone' | 'rateLimit'>
}

/** Who the caller is, and the account's access tokens: whoever may do everything else manages them too. */
export function accountRoutes(api: Api, deps: AccountRoutesDeps): void {
  const { db, notifications, jwtKeys, uses, config } = deps
  const tags = ['Access tokens']
  const noStore = { 'cache-control': 'no-store' }

  api.get(
    '/auth/me',
    {
      schema: {
        operationId: 'showCaller',
        summary: 'Who I am',
        description: 'For any token that is accepted: a call to test it with.',
        tags: ['Account'],
        response: { 200: callerAnswer },
      },
    },
    async ({ caller }, reply) => {
      reply.headers(noStore)
      return success('OK', callerResource(caller, await findOwner(db, caller.ownerId)))
    },
  )

  api.get(
    '/developer/tokens',
    {
      schema: {
        operationId: 'listTokens',
        summary: 'List access tokens',
        description: 'Newest first, with those that are expired or revoked.',
        tags,
        querystring: tokensQuery,
        response: { 200: tokensAnswer, 304: unchanged },
      },
      config: { scope: 'admin' },
    },
    async (request, reply) => {
      const { query, caller } = request
      await uses.flush()
      const page = await pageOfTokens(db, caller.ownerId, { number: query.page, perPage: query.per_page })
      const items = page.items.map((token) => JSON.stringify(tokenResource(token)))
      const address = { path: publicAddress(request, config.publicUrl), query: parseQueryString(rawQuery(request)) }
      const answer = listBody('OK', items, pagination(page, address))
      const tag = bodyTag(answer)
      if (isUnchanged(request, tag)) return notModified(reply, tag)
      return tagged(reply, tag).type('application/json; charset=utf-8').send(answer)
    },
  )

  api.post(
    '/developer/tokens',
    {
      schema: {
        operationId: 'createToken',
        summary: 'Create an access token',
        description:
          'It may do as much as the token in use at most, and is shown in this answer only. An opaque one is 40 letters and digits; a JWT says by itself what it may. Unknown fields are refused.',
        tags,
        consumes: bodyTypes,
        body: tokenBody(config.outputZone),
        response: { 200: tokenCreatedAnswer },
      },
      config: { scope: 'admin' },
    },
    async ({ body, query, caller }, reply) => {
      refuseQueryFields(query)
      const token = withinCaller(body, caller, config.rateLimit)
      const isJwt = body.type === 'jwt'
      const { stored, text } = isJwt
        ? await createJwt(db, jwtKeys, caller.ownerId, token)
        : await createToken(db, caller.ownerId, token)
      reply.headers(noStore)
      return success('Token Created Successfully', { ...tokenResource(stored), access_token: text })
    },
  )

  api.delete(
    '/developer/tokens/:id',
    {
      schema: {
        operationId: 'revokeToken',
        summary: 'Revoke an access token',
        description: 'From this answer on no server accepts it. Revoking it again changes nothing.',
        tags,
        params: tokenParams,
        response: { 200: tokenRevokedAnswer },
      },
      config: { scope: 'admin' },
    },
    async ({ params, caller }) => {
      await revokeTokenEverywhere(db, notifications, caller.ownerId, params.id)
      return success('Token Revoked Successfully', [])
    },
  )
}

/** @throws HttpError 422 where tokens are signed elsewhere */
async function createJwt(db: Database, keys: JwtKeys, ownerId: number, token: NewToken) {
  if (keys.kind !== 'secret') throw invalid({ type: ['The type field must be opaque: JWTs are signed elsewhere.'] })
  const { scopes } = token
  // A JWT says its end to the second.
  const expiresAt = token.expiresAt && new Date(Math.floor(token.expiresAt.getTime() / 1000) * 1000)
  const textOf = (id: string) => signToken(keys, { ownerId, id, scopes, expiresAt })
  return createToken(db, ownerId, { ...token, expiresAt }, textOf)
}
