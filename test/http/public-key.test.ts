import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { jwtKeys } from '../../src/accounts/jwt-secret.js'
import { readConfig } from '../../src/config.js'
import { testApp } from '../support/app.js'
import { emptiedDatabase } from '../support/database.js'
import { hmac, type KeyKind, keyPairs, keyToken, pem, rawToken } from '../support/tokens.js'
import { storeLinks } from '../support/visits.js'

const database = emptiedDatabase()

/** The app under a public key of this kind; answers with the status that a token gets. */
async function siteOf(kind: KeyKind) {
  const env = { JWT_PUBLIC_KEY: pem(keyPairs[kind].publicKey) }
  const { app, db } = await testApp({
    env,
    jwtKeys: await jwtKeys(readConfig(env).jwt, '/nowhere'),
    databaseUrl: (await database()).url,
  })
  await storeLinks(db, 26, 21)
  return async (token: string) => {
    const answer = await app.inject({ url: '/link/urls/21/visits', headers: { authorization: `Bearer ${token}` } })
    if (answer.statusCode === 401) {
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="smart-link", error="invalid_token"')
      expect(answer.body).toBe('{"status":"ERROR","code":401,"message":"Unauthenticated.","data":[]}')
    }
    return answer.statusCode
  }
}

const kinds: KeyKind[] = ['RS256', 'ES256', 'EdDSA']

describe.each(kinds)('under a public key for %s', (kind) => {
  const claims = { sub: '26' }

  it('only its own signatures are accepted', async () => {
    const status = await siteOf(kind)
    expect(await status(keyToken(kind, claims))).toBe(200)
    for (const other of kinds.filter((name) => name !== kind)) expect(await status(keyToken(other, claims))).toBe(401)
    const strangers = {
      RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      EdDSA: () => generateKeyPairSync('ed25519'),
    }
    expect(await status(keyToken(kind, claims, {}, strangers[kind]().privateKey))).toBe(401)
  })

  it('the public key is no secret: HMAC with it is refused', async () => {
    const status = await siteOf(kind)
    const { publicKey } = keyPairs[kind]
    const der = publicKey.export({ type: 'spki', format: 'der' })
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))
    for (const secret of [pem(publicKey), pem(publicKey).trim(), der, jwk, '']) {
      expect(await status(rawToken({ alg: 'HS256' }, claims, hmac(secret)))).toBe(401)
      expect(await status(rawToken({ alg: kind }, claims, hmac(secret)))).toBe(401)
    }
  })

  it('the token names neither its algorithm nor its key', async () => {
    const status = await siteOf(kind)
    const own = generateKeyPairSync('ed25519')
    const jwk = own.publicKey.export({ format: 'jwk' })
    expect(await status(rawToken({ alg: 'none' }, claims, () => ''))).toBe(401)
    expect(await status(keyToken(kind, claims, { alg: 'none' }))).toBe(401)
    expect(await status(keyToken(kind, claims, { alg: 'RS512' }))).toBe(401)
    expect(await status(keyToken('EdDSA', claims, { jwk, kid: 'mine' }, own.privateKey))).toBe(401)
    expect(await status(keyToken('EdDSA', claims, { jku: 'https://evil.example/jwks' }, own.privateKey))).toBe(401)
    expect(await status(keyToken(kind, claims, { kid: '../../dev/null', jku: 'https://evil.example' }))).toBe(200)
  })
})

it('an ES256 signature of zeroes is refused', async () => {
  const status = await siteOf('ES256')
  expect(await status(rawToken({ alg: 'ES256' }, { sub: '26' }, () => Buffer.alloc(64)))).toBe(401)
})
