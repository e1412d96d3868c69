import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, readConfig } from '../src/config.js'
import { keyPairs, pem } from './support/tokens.js'

const defaults = {
  host: '127.0.0.1',
  port: 3000,
  databaseUrl: undefined,
  databasePool: 8,
  dataDir: './data',
  publicUrl: undefined,
  shortUrl: undefined,
  jwt: { kind: 'secret', secret: undefined, issuer: undefined, audience: undefined },
  trustProxy: false,
  geoipDb: undefined,
  anonymizeIp: false,
  captureWaitMs: 250,
  spoolMaxBytes: 1024 ** 3,
  logLevel: 'info',
  outputZone: 'UTC',
}

const projectFile = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const secret = 'x'.repeat(32)

it('without any variable everything has its default', () => {
  expect(readConfig({})).toEqual(defaults)
})

it('an empty variable is one that is not set', () => {
  const names = Object.keys(parseEnv(projectFile('.env.example')))
  expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(defaults)
})

describe('.env.example', () => {
  const example = projectFile('.env.example')

  it('names every variable of config.ts, in its order, and no other', () => {
    const inConfig = [...projectFile('src/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): z\b/gm)].map(([, name]) => name)
    expect(inConfig.length).toBeGreaterThan(15)
    expect([...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(inConfig)
  })

  it('says the defaults', () => {
    expect(readConfig(parseEnv(example))).toEqual(defaults)
    for (const [name, value] of Object.entries(parseEnv(example))) {
      const without = { ...parseEnv(example), [name]: '' }
      expect([name, value, readConfig(without)]).toEqual([name, value, defaults])
    }
  })

  it('says of each variable what it means', () => {
    const lines = example.split('\n')
    for (const [index, line] of lines.entries()) {
      if (/^[A-Z]/.test(line)) expect([line, lines[index - 1]]).toEqual([line, expect.stringMatching(/^# .{10,}/)])
    }
  })
})

it('given values arrive', () => {
  const given = readConfig({
    HOST: '0.0.0.0',
    PORT: '0',
    DATABASE_URL: 'postgresql://me:p%40ss@db.example:5433/links?sslmode=require',
    DATABASE_POOL: '20',
    DATA_DIR: '/var/lib/smart-link',
    PUBLIC_URL: 'https://api.example.com/base//',
    SHORT_URL: 'http://s.example.com:8080/',
    JWT_SECRET: secret,
    JWT_ISSUER: 'me',
    JWT_AUDIENCE: 'you',
    TRUST_PROXY: '10.0.0.0/8, ::1,loopback',
    GEOIP_DB: '/var/lib/city.mmdb',
    IP_ANONYMIZE: 'on',
    CAPTURE_WAIT_MS: '1000',
    SPOOL_MAX_BYTES: '0',
    LOG_LEVEL: 'warn',
    TZ_OUTPUT: 'Europe/Berlin',
  })
  expect(given).toEqual({
    host: '0.0.0.0',
    port: 0,
    databaseUrl: 'postgresql://me:p%40ss@db.example:5433/links?sslmode=require',
    databasePool: 20,
    dataDir: '/var/lib/smart-link',
    publicUrl: 'https://api.example.com/base',
    shortUrl: 'http://s.example.com:8080',
    jwt: { kind: 'secret', secret, issuer: 'me', audience: 'you' },
    trustProxy: ['10.0.0.0/8', '::1', 'loopback'],
    geoipDb: '/var/lib/city.mmdb',
    anonymizeIp: true,
    captureWaitMs: 1000,
    spoolMaxBytes: 0,
    logLevel: 'warn',
    outputZone: 'Europe/Berlin',
  })
})

describe('a bad value is refused in one line that names its variable:', () => {
  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', ' '],
    ['DATABASE_URL', 'mysql://localhost/links'],
    ['DATABASE_URL', 'links'],
    ['DATABASE_URL', 'postgresql://me:p#ss@db.example/links'],
    ['DATABASE_URL', 'postgresql://me@db.example:99999/links'],
    ['DATABASE_POOL', '1'],
    ['DATABASE_POOL', 'many'],
    ['PUBLIC_URL', 'api.example.com'],
    ['PUBLIC_URL', 'ftp://api.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['PUBLIC_URL', 'https://api.example.com/?x=1'],
    ['PUBLIC_URL', 'https://api.example.com/#x'],
    ['PUBLIC_URL', 'https://me@api.example.com'],
    ['PUBLIC_URL', 'https://:secret@api.example.com'],
    ['SHORT_URL', '/s'],
    ['JWT_SECRET', 'x'.repeat(31)],
    ['JWT_SECRET', pem(keyPairs.RS256.publicKey)],
    ['JWT_PUBLIC_KEY', 'no key'],
    ['JWT_PUBLIC_KEY', '/no/such/file'],
    ['JWT_PUBLIC_KEY', tmpdir()],
    ['JWT_PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['JWT_PUBLIC_KEY', 'a\0b'],
    ['JWT_JWKS_URL', 'file:///etc/passwd'],
    ['JWT_JWKS_URL', 'keys.example.com'],
    ['JWT_ALGORITHM', 'HS256'],
    ['JWT_ALGORITHM', 'none'],
    ['TRUST_PROXY', 'on'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '0'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '10.0.0.0/8,'],
    ['TRUST_PROXY', 'proxy.example'],
    ['IP_ANONYMIZE', 'yes'],
    ['CAPTURE_WAIT_MS', '0'],
    ['CAPTURE_WAIT_MS', '250ms'],
    ['SPOOL_MAX_BYTES', '1GB'],
    ['LOG_LEVEL', 'verbose'],
    ['TZ_OUTPUT', 'Mars/Olympus'],
    ['TZ_OUTPUT', '+02:00'],
    ['TZ_OUTPUT', 'CET'],
    ['TZ_OUTPUT', "UTC'; DROP TABLE visits"],
  ])('%s=%j', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError)
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name} (must|is) [^\n]+$`))
  })

  it('and does not repeat a secret', () => {
    const refuse = (env: Record<string, string>) => {
      try {
        readConfig(env)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    expect(refuse({ JWT_SECRET: 'hunter2' })).toBe('JWT_SECRET must have at least 32 bytes')
    expect(refuse({ DATABASE_URL: 'postgres:hunter2' })).not.toContain('hunter2')
  })

  it('and several in the same line', () => {
    expect(() => readConfig({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/^PORT must [^\n]+; LOG_LEVEL must [^\n]+$/)
  })
})

describe('a secret', () => {
  it('is measured in bytes', () => {
    expect(readConfig({ JWT_SECRET: 'ü'.repeat(16) }).jwt).toMatchObject({ kind: 'secret', secret: 'ü'.repeat(16) })
  })
})

describe('a public key', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)('pins the algorithm that it is for: %s', (algorithm) => {
    const key = pem(keyPairs[algorithm].publicKey)
    const expected = { kind: 'public-key', key, algorithm, issuer: undefined, audience: undefined }
    const oneLine = key.replaceAll('\n', '\\n')
    const file = join(mkdtempSync(join(tmpdir(), 'smart link key ')), 'key.pem')
    onTestFinished(() => rmSync(join(file, '..'), { recursive: true }))
    writeFileSync(file, key)
    for (const JWT_PUBLIC_KEY of [key, oneLine, file]) expect(readConfig({ JWT_PUBLIC_KEY }).jwt).toEqual(expected)
  })

  it.each([
    ['of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey],
    ['for RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
    ['on another curve', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['for key agreement', generateKeyPairSync('x25519').publicKey],
  ])('%s is refused', (_, key) => {
    expect(() => readConfig({ JWT_PUBLIC_KEY: pem(key) })).toThrow(/^JWT_PUBLIC_KEY must be a public key in PEM form/)
  })

  it('must not be a private one', () => {
    const key = keyPairs.RS256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(() => readConfig({ JWT_PUBLIC_KEY: key })).toThrow(/^JWT_PUBLIC_KEY must be a public key in PEM form/)
  })
})

describe('how tokens are checked', () => {
  const url = 'https://keys.example.com/jwks.json'

  it('is one of a secret, a public key and a key server', () => {
    const all = { JWT_SECRET: secret, JWT_PUBLIC_KEY: pem(keyPairs.ES256.publicKey), JWT_JWKS_URL: url }
    expect(() => readConfig(all)).toThrow('JWT_SECRET and JWT_PUBLIC_KEY and JWT_JWKS_URL exclude each other: give one')
  })

  it('has one algorithm with a key server too', () => {
    const jwks = { kind: 'jwks', url, issuer: undefined, audience: undefined }
    expect(readConfig({ JWT_JWKS_URL: url }).jwt).toEqual({ ...jwks, algorithm: 'RS256' })
    expect(readConfig({ JWT_JWKS_URL: url, JWT_ALGORITHM: 'EdDSA' }).jwt).toEqual({ ...jwks, algorithm: 'EdDSA' })
  })

  it('is not contradicted by JWT_ALGORITHM', () => {
    const JWT_PUBLIC_KEY = pem(keyPairs.ES256.publicKey)
    expect(readConfig({ JWT_PUBLIC_KEY, JWT_ALGORITHM: 'ES256' }).jwt).toMatchObject({ algorithm: 'ES256' })
    expect(() => readConfig({ JWT_PUBLIC_KEY, JWT_ALGORITHM: 'RS256' })).toThrow(
      'JWT_ALGORITHM RS256 does not fit the key, which is for ES256',
    )
    expect(() => readConfig({ JWT_SECRET: secret, JWT_ALGORITHM: 'RS256' })).toThrow(
      /^JWT_ALGORITHM RS256 does not fit/,
    )
  })
})
