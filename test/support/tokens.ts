import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { testSecret } from './app.js'

/** Parts of a JWT as the attacker likes them; nothing is checked or completed. */
export function rawToken(header: object, claims: object, signature: (input: string) => Buffer | string): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signed = signature(input)
  return `${input}.${typeof signed === 'string' ? signed : signed.toString('base64url')}`
}

export const hmac = (key: string | Buffer, hash = 'sha256') => {
  return (input: string) => createHmac(hash, key).update(input).digest()
}

/** Signed with the suite's secret, under any header. */
export const secretToken = (claims: object, header: object = {}) =>
  rawToken({ alg: 'HS256', typ: 'JWT', ...header }, claims, hmac(testSecret))

/** One key pair of each kind that the server can be configured with. */
export const keyPairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}

export type KeyKind = keyof typeof keyPairs

export const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()

/** Signed with a private key, as the algorithm says. */
export function keyToken(
  algorithm: KeyKind,
  claims: object,
  header: object = {},
  key = keyPairs[algorithm].privateKey,
) {
  const hash = algorithm === 'EdDSA' ? null : 'sha256'
  return rawToken({ alg: algorithm, typ: 'JWT', ...header }, claims, (input) =>
    sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
  )
}
