import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { secretToken } from '../support/tokens.js'
import { newVisit, storeLinks, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
  await storeLinks(site.db, 26, 21)
  await storeRecipients(site.db, 26, 21, ['9019955123', '12'])
  await appendVisits(site.db, 26, [newVisit(21), newVisit(21, { recipientId: 2 }), newVisit(21, { recipientId: 1 })])
})
afterAll(() => site.close())

const ask = (claims: object, url = '/link/urls/21/visits') =>
  site.app.inject({ url, headers: { authorization: `Bearer ${secretToken({ sub: '26', ...claims })}` } })

/** The numbers that a token sees, newest visit first. */
async function mobiles(claims: object, url?: string): Promise<unknown> {
  const answer = await ask(claims, url)
  return answer.statusCode === 200 ? answer.json().data.map(({ mobile }: { mobile: unknown }) => mobile) : answer.body
}

const masked = ['9019955***', '***', null]
const whole = ['9019955123', '12', null]

describe('whole mobile numbers', () => {
  it.each([
    ['without a scope claim', {}],
    ['with visits:read', { scope: 'visits:read' }],
    ['with admin, which does not include them', { scope: 'admin' }],
    ['with every scope of Laravel Passport', { scopes: ['*'] }],
    ['with a scope that only begins alike', { scope: 'visits:read visits:pii2' }],
    ['with the scope in other letters', { scope: 'visits:read VISITS:PII' }],
    ['with a scope whose blank is none', { scopes: ['visits:read', 'visits:\u00a0pii'] }],
  ])('are not shown %s', async (_, claims) => expect(await mobiles(claims)).toEqual(masked))

  it.each([
    ['after a space', { scope: 'visits:read visits:pii' }],
    ['in an array', { scopes: ['visits:read', 'visits:pii'] }],
    ['in an array under the singular name', { scope: ['visits:pii', 'visits:read'] }],
    ['in either claim', { scope: 'visits:read', scopes: ['visits:pii'] }],
    ['beside admin', { scope: 'admin  visits:pii' }],
    ['beside every scope of Laravel Passport', { scopes: ['*', 'visits:pii'] }],
  ])('are shown to visits:pii named %s', async (_, claims) => expect(await mobiles(claims)).toEqual(whole))

  it('are masked in the feed alike', async () => {
    expect(await mobiles({}, '/link/visits/feed')).toEqual([...masked].reverse())
    expect(await mobiles({ scope: 'visits:read visits:pii' }, '/link/urls/21/visits/feed')).toEqual(
      [...whole].reverse(),
    )
  })

  it('do not leak through the tag of an answer: each view has its own', async () => {
    const read = await ask({ scope: 'visits:read' })
    const pii = await ask({ scope: 'visits:read visits:pii' })
    expect(read.headers.etag).not.toBe(pii.headers.etag)
  })
})

describe('a token whose scopes lack visits:read', () => {
  it.each([
    ['another scope', { scope: 'links:read' }],
    ['writing', { scope: 'links:write' }],
    ['visits:pii alone', { scope: 'visits:pii' }],
    ['none', { scope: '' }],
    ['an empty array', { scopes: [] }],
    ['no text', { scope: null }],
    ['an object', { scopes: { 0: 'visits:read' } }],
    ['a number', { scope: 1 }],
    ['a comma instead of a space', { scope: 'links:read,visits:read' }],
    ['nested arrays', { scopes: [['visits:read']] }],
  ])('is refused with 403: %s', async (_, claims) => {
    for (const url of [
      '/link/urls/21/visits',
      '/link/urls/999/visits',
      '/link/urls/21/visits/feed',
      '/link/visits/feed',
    ]) {
      const answer = await ask(claims, url)
      expect(answer.statusCode).toBe(403)
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="smart-link", error="insufficient_scope", scope="visits:read"',
      )
      expect(answer.body).toBe(
        '{"status":"ERROR","code":403,"message":"User does not have the right permissions.","data":[]}',
      )
    }
  })
})
