/** OWASP API Security Top 10 (2023), API2 broken authentication. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { newToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp, testApp, testSecret } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'
import { hmac, keyPairs, keyToken, pem, rawToken, secretToken } from '../support/tokens.js'
import { namedBy, newThings, type Things } from '../support/two-accounts.js'

let site: TestApp
let operations: Operation[]
let mine: Things
beforeAll(async () => {
  site = await openApp()
  operations = await operationsOf(site)
  mine = await newThings(site, 1)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const ask = (operation: Operation, ids: string[], headers: Record<string, string>) =>
  site.app.inject({ ...requestOf(operation, ids), headers })
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })

const bodyOf401 = JSON.stringify(envelope(401, 'Unauthenticated.'))
const key = keyPairs.RS256
const jwk = key.publicKey.export({ format: 'jwk' })
const claims = { sub: '1', scope: everything }

it('no operation but those that are for everybody answers anybody without a token', async () => {
  const open = operations.filter(({ needsCaller }) => !needsCaller).map(({ id }) => id)
  expect(open.sort()).toEqual(['health', 'openLink', 'ready', 'robots', 'showDocument'])
  for (const operation of callable()) {
    const answer = await ask(operation, operation.parameters.length > 0 ? namedBy(operation.path, mine) : [], {})
    expect([operation.id, answer.statusCode]).toEqual([operation.id, 401])
    if (!operation.isEndless) expect(answer.body).toBe(bodyOf401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="smart-link"')
  }
})

it.each([
  ['alg none', rawToken({ alg: 'none' }, claims, () => '')],
  ['alg none in other letters, with a signature', rawToken({ alg: 'nOnE' }, claims, hmac(testSecret))],
  ['another key', rawToken({ alg: 'HS256' }, claims, hmac('a key that is not the one of this server'))],
  ['an empty key', rawToken({ alg: 'HS256' }, claims, hmac(''))],
  ['a key of its own in the header', keyToken('RS256', claims, { jwk })],
  ['a key set of its own in the header', keyToken('RS256', claims, { jku: 'https://evil.example/jwks.json' })],
  ['a certificate of its own in the header', keyToken('RS256', claims, { x5u: 'https://evil.example/x.pem' })],
  ['kid that is a file without content', rawToken({ alg: 'HS256', kid: '../../dev/null' }, claims, hmac(''))],
  ['kid that is SQL', rawToken({ alg: 'HS256', kid: "x' UNION SELECT 'key" }, claims, hmac('key'))],
  ['kid that is a command', rawToken({ alg: 'HS256', kid: '|id' }, claims, hmac(''))],
  ['another algorithm', keyToken('ES256', claims)],
  ['the public key as a secret', rawToken({ alg: 'HS256' }, claims, hmac(pem(key.publicKey)))],
  ['another owner in a signed token', forgedOwner()],
  ['an end that has passed', secretToken({ ...claims, exp: 1 })],
  ['a beginning that has not come', secretToken({ ...claims, nbf: 4e9 })],
])('a JWT with %s proves nothing', async (_, token) => {
  for (const operation of callable().filter(({ parameters, isEndless }) => parameters.length === 0 && !isEndless)) {
    const { statusCode, body } = await ask(operation, [], withToken(token))
    expect([operation.id, statusCode]).toEqual([operation.id, 401])
    expect(JSON.parse(body).data).toEqual([])
  }
})

function forgedOwner(): string {
  const [header, , signature] = secretToken({ sub: '2' }).split('.')
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}

it('a token that is revoked or expired proves nothing from then on, whatever its kind', async () => {
  for (const type of ['opaque', 'jwt']) {
    const { id, access_token: text } = await newToken(site, 5, { type, expires_at: '2040-01-01T00:00:00Z' })
    const status = async () => (await site.app.inject({ url: '/auth/me', headers: withToken(text) })).statusCode
    expect(await status()).toBe(200)
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.UTC(2040, 0, 1) + 1)
    expect(await status()).toBe(401)
    vi.useRealTimers()
    expect(await status()).toBe(200)
    await site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: site.as(5) })
    expect(await status()).toBe(401)
  }
})

it('guessing is slowed down, by address', async () => {
  const { app, as } = await testApp({ env: { AUTH_FAILURES_LIMIT: '10' } })
  const guess = async (nth: number) => {
    const text = String(nth).padStart(40, 'x')
    return (await app.inject({ url: '/auth/me', headers: withToken(text), remoteAddress: '203.0.113.1' })).statusCode
  }
  const statuses: number[] = []
  for (let nth = 0; nth < 100; nth++) statuses.push(await guess(nth))
  expect(statuses).toEqual([...Array(10).fill(401), ...Array(90).fill(429)])
  const right = await app.inject({ url: '/auth/me', headers: as(1), remoteAddress: '203.0.113.2' })
  expect(right.statusCode).toBe(200)
})
