import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { jwtKeys } from '../../src/accounts/jwt-secret.js'
import { readConfig } from '../../src/config.js'
import { testApp } from '../support/app.js'
import { stopClock } from '../support/clock.js'
import { emptiedDatabase } from '../support/database.js'
import { hmac, type KeyKind, keyPairs, keyToken, pem, rawToken } from '../support/tokens.js'
import { storeLinks } from '../support/visits.js'

const database = emptiedDatabase()

let keys: object[]
let fetches: number
let answer: (body: string) => { status: number; body: string }
let keyServer: Server
let keyAddress: string
let clock: ReturnType<typeof stopClock>

beforeEach(async () => {
  keys = []
  fetches = 0
  answer = (body) => ({ status: 200, body })
  keyServer = createServer((_, response) => {
    fetches++
    const { status, body } = answer(JSON.stringify({ keys }))
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body)
  })
  keyServer.listen(0, '127.0.0.1')
  await once(keyServer, 'listening')
  const address = keyServer.address()
  keyAddress = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/jwks.json`
  clock = stopClock()
})

afterEach(async () => {
  vi.useRealTimers()
  if (keyServer.listening) await new Promise((resolve) => keyServer.close(resolve))
})

const jwk = (kind: KeyKind, fields: object) => ({ ...keyPairs[kind].publicKey.export({ format: 'jwk' }), ...fields })

async function siteOf(algorithm: KeyKind) {
  const env = { JWT_JWKS_URL: keyAddress, JWT_ALGORITHM: algorithm }
  const { app, db } = await testApp({
    env,
    jwtKeys: await jwtKeys(readConfig(env).jwt, '/nowhere'),
    databaseUrl: (await database()).url,
  })
  await storeLinks(db, 26, 21)
  return (token: string) => app.inject({ url: '/link/urls/21/visits', headers: { authorization: `Bearer ${token}` } })
}

const claims = { sub: '26' }
const unauthenticated = '{"status":"ERROR","code":401,"message":"Unauthenticated.","data":[]}'
const away =
  '{"status":"ERROR","code":503,"message":"The keys that access tokens are checked with are not available.","data":[]}'

it.each<KeyKind>(['RS256', 'ES256', 'EdDSA'])('a key of the key server proves a token: %s', async (kind) => {
  keys = [jwk(kind, { kid: 'one', use: 'sig', alg: kind })]
  const ask = await siteOf(kind)
  expect((await ask(keyToken(kind, claims, { kid: 'one' }))).statusCode).toBe(200)
  expect((await ask(keyToken(kind, claims))).statusCode).toBe(200)
  expect((await ask(keyToken(kind, { ...claims, exp: 1 }, { kid: 'one' }))).json().message).toBe(
    'Token was expired at 1970-01-01 00:00:01',
  )
  expect(fetches).toBe(1)
})

it('the algorithm is the configured one, though the server has keys for others', async () => {
  keys = [jwk('RS256', { kid: 'rsa' }), jwk('ES256', { kid: 'ec' }), jwk('EdDSA', { kid: 'ed' })]
  const ask = await siteOf('ES256')
  expect((await ask(keyToken('ES256', claims, { kid: 'ec' }))).statusCode).toBe(200)
  const forged = [
    keyToken('RS256', claims, { kid: 'rsa' }),
    keyToken('EdDSA', claims, { kid: 'ed' }),
    keyToken('ES256', claims, { kid: 'rsa' }),
    rawToken({ alg: 'HS256', kid: 'ec' }, claims, hmac(pem(keyPairs.ES256.publicKey))),
    rawToken({ alg: 'none', kid: 'ec' }, claims, () => ''),
    rawToken({ alg: 'ES256', kid: 'ec' }, claims, () => ''),
    rawToken({ kid: 'ec' }, claims, hmac('x')),
    keyToken('ES256', claims, { kid: { toString: 'ec' } }),
    keyToken('ES256', claims, { kid: '__proto__' }),
  ]
  for (const token of forged) {
    const refused = await ask(token)
    expect(refused.body).toBe(unauthenticated)
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="smart-link", error="invalid_token"')
  }
})

it('a key for encryption or of another algorithm proves nothing', async () => {
  keys = [jwk('RS256', { kid: 'one', use: 'enc' }), jwk('RS256', { kid: 'two', alg: 'PS256' })]
  const ask = await siteOf('RS256')
  expect((await ask(keyToken('RS256', claims, { kid: 'one' }))).body).toBe(unauthenticated)
  expect((await ask(keyToken('RS256', claims, { kid: 'two' }))).body).toBe(unauthenticated)
})

it('an unknown key is looked up again, at most once in half a minute', async () => {
  keys = [jwk('RS256', { kid: 'one' })]
  const ask = await siteOf('RS256')
  expect((await ask(keyToken('RS256', claims, { kid: 'one' }))).statusCode).toBe(200)
  for (let i = 0; i < 5; i++) {
    expect((await ask(keyToken('RS256', claims, { kid: `x${i}` }))).body).toBe(unauthenticated)
  }
  expect(fetches).toBe(1)
  clock.move(31_000)
  for (let i = 0; i < 5; i++) {
    expect((await ask(keyToken('RS256', claims, { kid: `y${i}` }))).body).toBe(unauthenticated)
  }
  expect(fetches).toBe(2)
})

it('after a rotation the new key proves tokens, and the withdrawn one does not', async () => {
  keys = [jwk('ES256', { kid: 'old' })]
  const ask = await siteOf('ES256')
  const old = keyToken('ES256', claims, { kid: 'old' })
  expect((await ask(old)).statusCode).toBe(200)
  keys = [jwk('ES256', { kid: 'new' })]
  clock.move(31_000)
  expect((await ask(keyToken('ES256', claims, { kid: 'new' }))).statusCode).toBe(200)
  expect((await ask(old)).body).toBe(unauthenticated)
})

it('a key that is withdrawn after the time of day was put back proves nothing any more', async () => {
  keys = [jwk('ES256', { kid: 'old' })]
  const ask = await siteOf('ES256')
  const old = keyToken('ES256', claims, { kid: 'old' })
  expect((await ask(old)).statusCode).toBe(200)
  keys = [jwk('ES256', { kid: 'new' })]
  clock.putBack(3_600_000)
  clock.move(31_000)
  expect((await ask(keyToken('ES256', claims, { kid: 'new' }))).statusCode).toBe(200)
  expect((await ask(old)).body).toBe(unauthenticated)
})

it('while the key server is away nobody is called a forger: 503, and 200 when it is back', async () => {
  keys = [jwk('RS256', { kid: 'one' })]
  const ask = await siteOf('RS256')
  const token = keyToken('RS256', claims, { kid: 'one' })
  const outages: (typeof answer)[] = [
    () => ({ status: 500, body: 'oops' }),
    () => ({ status: 200, body: '<html>' }),
    () => ({ status: 200, body: '{}' }),
    () => ({ status: 302, body: '' }),
  ]
  for (const outage of outages) {
    answer = outage
    const refused = await ask(token)
    expect(refused.statusCode).toBe(503)
    expect(refused.headers['retry-after']).toBe('30')
    expect(refused.body).toBe(away)
  }
  answer = (body) => ({ status: 200, body })
  expect((await ask(token)).statusCode).toBe(200)
})

it('a key server that does not listen is 503 too, but not for a token that no key could prove', async () => {
  const ask = await siteOf('RS256')
  await new Promise((resolve) => keyServer.close(resolve))
  expect((await ask(keyToken('RS256', claims, { kid: 'one' }))).body).toBe(away)
  expect((await ask(rawToken({ alg: 'none' }, claims, () => ''))).body).toBe(unauthenticated)
  expect((await ask('nonsense')).body).toBe(unauthenticated)
})

it('keys that were fetched outlive a short outage of the key server', async () => {
  keys = [jwk('RS256', { kid: 'one' })]
  const ask = await siteOf('RS256')
  const token = keyToken('RS256', claims, { kid: 'one' })
  expect((await ask(token)).statusCode).toBe(200)
  await new Promise((resolve) => keyServer.close(resolve))
  clock.move(300_000)
  expect((await ask(token)).statusCode).toBe(200)
})
