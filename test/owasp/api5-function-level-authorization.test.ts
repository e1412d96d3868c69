/** OWASP API Security Top 10 (2023), API5 broken function level authorization. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'
import { newThings, storedOf, type Things } from '../support/two-accounts.js'

let site: TestApp
let operations: Operation[]
let mine: Things
beforeAll(async () => {
  site = await openApp()
  operations = await operationsOf(site)
  mine = await newThings(site, 1)
})
afterAll(() => site.close())

const ask = (operation: Operation, ids: string[], headers: Record<string, string>) =>
  site.app.inject({ ...requestOf(operation, ids), headers })
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const nobodys = ['900000001', '01a206d4-16b5-7f4f-98b7-970dc78e479a']
const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })

/** What each operation needs: said here once more, so that a change of it is seen. */
const operationsBy = {
  '': 'showCaller',
  admin: 'listTokens createToken revokeToken',
  'links:read': 'listLinks showLink listRecipients',
  'links:write': 'createLink editLink editLinkByPatch editLinkByPost deleteLink createRecipients',
  'visits:read':
    'listVisits followVisits followAllVisits exportVisits streamVisits streamAllVisits countVisits countAllVisits',
  'recipients:erase': 'eraseRecipient listErasures',
  'audit:read': 'listReads',
  'webhooks:read': 'listWebhooks showWebhook listDeliveries',
  'webhooks:write':
    'createWebhook editWebhook editWebhookByPatch editWebhookByPost deleteWebhook showVerificationCode renewVerificationCode replayDelivery replayDeliveries',
}
const needed: Record<string, string> = Object.fromEntries(
  Object.entries(operationsBy).flatMap(([scope, ids]) => ids.split(' ').map((id) => [id, scope])),
)
/** With each scope alone: who may call what. A right token is told that the thing is missing, a wrong one is not. */
const may = (scope: string | undefined, needs: string) =>
  needs === '' || scope === undefined || scope === 'admin' || scope === needs

it('the document says of every operation what it needs', () => {
  expect(Object.fromEntries(callable().map(({ id, scope = '' }) => [id, scope]))).toEqual(needed)
})

it.each([...scopes, '', undefined])(
  'a token with the scope %j alone may call what needs it, and nothing else',
  async (scope) => {
    for (const operation of callable()) {
      const ids = operation.path.startsWith('/link/') ? [nobodys[0]] : [nobodys[1], nobodys[1]]
      const answer = await ask(operation, ids as string[], site.as(8, scope))
      const isAllowed = may(scope, needed[operation.id] ?? 'nobody')
      expect([operation.id, answer.statusCode === 403]).toEqual([operation.id, !isAllowed])
      if (isAllowed) expect([200, 404]).toContain(answer.statusCode)
      else if (!operation.isEndless)
        expect(answer.json()).toEqual(envelope(403, 'User does not have the right permissions.'))
    }
  },
)

it('no other verb, path or override of a request gets past it', async () => {
  const headers = site.as(1, 'links:read')
  const url = `/link/urls/${mine.link}`
  const tries = [
    { method: 'DELETE', url: `/api/v2${url}` },
    { method: 'DELETE', url: `/api/v2/api/v2/${url}//` },
    { method: 'POST', url, headers: { 'x-http-method-override': 'DELETE' } },
    { method: 'POST', url: `${url}?_method=DELETE` },
    { method: 'POST', url, payload: { _method: 'delete' } },
    { method: 'POST', url: '/link/urls', payload: { long_url: 'https://example.com' } },
    { method: 'POST', url: `${url}/visits`, payload: { _method: 'DELETE' } },
  ] as const
  const before = await storedOf(site, 1)
  for (const { headers: more = {}, ...request } of tries as readonly {
    headers?: object
    method: 'POST'
    url: string
  }[]) {
    const { statusCode } = await site.app.inject({ ...request, headers: { ...headers, ...more } })
    expect([request, statusCode]).toEqual([request, request.url.endsWith('/visits') ? 405 : 403])
  }
  expect(await storedOf(site, 1)).toEqual(before)
})

it('no token makes itself, or another one, more than it is', async () => {
  const reader = await newToken(site, 1, { scopes: ['links:read'] })
  const admin = await newToken(site, 1, {
    scopes: ['admin'],
    allowed_ips: '127.0.0.1',
    rate_limit: 100,
    expires_at: '2040-01-01',
  })
  const create = async (text: string, fields: object) => {
    const payload = { name: 'x', scopes: ['admin'], ...fields }
    const answer = await site.app.inject({
      method: 'POST',
      url: '/developer/tokens',
      headers: withToken(text),
      payload,
    })
    return [answer.statusCode, Object.keys(answer.json().errors ?? {}).join()]
  }
  expect(await create(reader.access_token, {})).toEqual([403, ''])
  expect(await create(admin.access_token, { scopes: ['admin', 'visits:pii'] })).toEqual([422, 'scopes'])
  expect(await create(admin.access_token, { allowed_ips: '0.0.0.0/0' })).toEqual([422, 'allowed_ips'])
  expect(await create(admin.access_token, { rate_limit: 101 })).toEqual([422, 'rate_limit'])
  expect(await create(admin.access_token, { expires_at: '2040-01-02' })).toEqual([422, 'expires_at'])
  expect(await create(admin.access_token, {})).toEqual([200, ''])
})
