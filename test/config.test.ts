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
  databaseDirectUrl: undefined,
  databasePrepare: 'auto',
  databasePool: 8,
  replicas: { urls: [], maxLagMs: 10_000 },
  dataDir: './data',
  publicUrl: undefined,
  shortUrl: undefined,
  rootUrl: undefined,
  fallbackUrl: undefined,
  jwt: { kind: 'secret', secret: undefined, issuer: undefined, audience: undefined },
  targetSchemes: ['http', 'https'],
  trustProxy: false,
  rateLimit: 1000,
  authFailuresLimit: 20,
  openingsLimit: 0,
  redisUrl: undefined,
  corsOrigins: [],
  streamsLimit: 100,
  streamHeartbeatMs: 15_000,
  requestTimeoutMs: 60_000,
  geoipDb: undefined,
  asnDb: undefined,
  botNetworks: 'mark',
  auditDays: 365,
  anonymizeIp: false,
  captureWaitMs: 250,
  spoolMaxBytes: 1024 ** 3,
  queue: undefined,
  webhooks: { allowPrivate: false, concurrency: 16, retryBaseMs: 2000, keepDays: 7 },
  metrics: { port: undefined, host: '127.0.0.1', token: undefined },
  tracing: undefined,
  logLevel: 'info',
  outputZone: 'UTC',
  importToken: undefined,
}

const projectFile = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const secret = 'x'.repeat(32)

it('without any variable everything has its default', () => {
  expect(readConfig({})).toEqual(defaults)
})

it.each([
  ['DATABSE_URL', 'DATABASE_URL'],
  ['DATABASE_URLS', 'DATABASE_URL'],
  ['PUBILC_URL', 'PUBLIC_URL'],
  ['JWT-SECRET', 'JWT_SECRET'],
])('%s stops the start, as %s is probably meant', (name, meant) => {
  expect(() => readConfig({ [name]: 'x' })).toThrow(
    new ConfigError(`${name} is read by nothing: ${meant} is probably meant`),
  )
})

it.each([
  { POST: 'a short name of somebody else' },
  { REDIS_URI: 'of another program', REDIS_URL: 'redis://127.0.0.1' },
  { DATABASE_NAME: 'of another program' },
])('a variable of another program stops nothing: %j', (env) => {
  expect(() => readConfig(env)).not.toThrow()
})

it('an empty variable is one that is not set', () => {
  const names = Object.keys(parseEnv(projectFile('.env.example')))
  expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(defaults)
})

it('takes a country by its two letters in any case, and no other name of it', () => {
  expect(readConfig({ DEFAULT_COUNTRY: 'gb' }).defaultCountry).toBe('GB')
  for (const wrong of ['UK', 'GBR', '44', 'Britain', 'XX']) {
    expect(() => readConfig({ DEFAULT_COUNTRY: wrong })).toThrow(
      new ConfigError('DEFAULT_COUNTRY must be a country as two letters of ISO 3166-1, such as GB or IN'),
    )
  }
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
    DATABASE_DIRECT_URL: 'postgres://me@db.example/links',
    DATABASE_PREPARE: 'off',
    DATABASE_POOL: '20',
    DATABASE_REPLICA_URLS: 'postgresql://me@one.example/links, postgresql://me@two.example/links',
    REPLICA_MAX_LAG_MS: '500',
    DATA_DIR: '/var/lib/smart-link',
    PUBLIC_URL: 'https://api.example.com/base//',
    SHORT_URL: 'http://s.example.com:8080/',
    ROOT_URL: 'https://www.example.com',
    FALLBACK_URL: 'https://www.example.com/ü?a=1#b',
    JWT_SECRET: secret,
    JWT_ISSUER: 'me',
    JWT_AUDIENCE: 'you',
    TARGET_SCHEMES: 'https, Intent:,x-app.v2',
    TRUST_PROXY: '10.0.0.0/8, ::1,loopback',
    RATE_LIMIT: '0',
    AUTH_FAILURES_LIMIT: '5',
    OPENINGS_LIMIT: '10',
    REDIS_URL: 'rediss://me:p%40ss@redis.example:6380/1',
    CORS_ORIGINS: 'https://dashboard.example.com, http://localhost:5173,https://dashboard.example.com',
    STREAMS_LIMIT: '0',
    STREAM_HEARTBEAT_MS: '5000',
    REQUEST_TIMEOUT_MS: '5000',
    GEOIP_DB: '/var/lib/city.mmdb',
    ASN_DB: '/var/lib/asn.mmdb',
    BOT_NETWORKS: 'bot',
    RETENTION_DAYS: '400',
    AUDIT_DAYS: '36500',
    IP_ANONYMIZE: 'on',
    CAPTURE_WAIT_MS: '1000',
    SPOOL_MAX_BYTES: '0',
    WEBHOOK_ALLOW_PRIVATE: '10.0.0.0/8, fd00::1',
    WEBHOOK_CONCURRENCY: '4',
    WEBHOOK_RETRY_BASE_MS: '50',
    WEBHOOK_KEEP_DAYS: '0',
    METRICS_PORT: '9464',
    METRICS_HOST: '10.0.0.1',
    METRICS_TOKEN: 'm'.repeat(16),
    LOG_LEVEL: 'warn',
    TZ_OUTPUT: 'Europe/Berlin',
    SMART_LINK_TOKEN: 'eyJhbGciOi',
  })
  expect(given).toEqual({
    host: '0.0.0.0',
    port: 0,
    databaseUrl: 'postgresql://me:p%40ss@db.example:5433/links?sslmode=require',
    databaseDirectUrl: 'postgres://me@db.example/links',
    databasePrepare: 'off',
    databasePool: 20,
    replicas: {
      urls: ['postgresql://me@one.example/links', 'postgresql://me@two.example/links'],
      maxLagMs: 500,
    },
    dataDir: '/var/lib/smart-link',
    publicUrl: 'https://api.example.com/base',
    shortUrl: 'http://s.example.com:8080',
    rootUrl: 'https://www.example.com/',
    fallbackUrl: 'https://www.example.com/%C3%BC?a=1#b',
    jwt: { kind: 'secret', secret, issuer: 'me', audience: 'you' },
    targetSchemes: ['https', 'intent', 'x-app.v2'],
    trustProxy: ['10.0.0.0/8', '::1', 'loopback'],
    rateLimit: 0,
    authFailuresLimit: 5,
    openingsLimit: 10,
    redisUrl: 'rediss://me:p%40ss@redis.example:6380/1',
    corsOrigins: ['https://dashboard.example.com', 'http://localhost:5173'],
    streamsLimit: 0,
    streamHeartbeatMs: 5000,
    requestTimeoutMs: 5000,
    geoipDb: '/var/lib/city.mmdb',
    asnDb: '/var/lib/asn.mmdb',
    botNetworks: 'bot',
    anonymizeIp: true,
    retentionDays: 400,
    auditDays: 36_500,
    captureWaitMs: 1000,
    spoolMaxBytes: 0,
    webhooks: { allowPrivate: ['10.0.0.0/8', 'fd00::1'], concurrency: 4, retryBaseMs: 50, keepDays: 0 },
    metrics: { port: 9464, host: '10.0.0.1', token: 'm'.repeat(16) },
    logLevel: 'warn',
    outputZone: 'Europe/Berlin',
    importToken: 'eyJhbGciOi',
  })
})

describe('a bad value is refused in one line that names its variable:', () => {
  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', ' '],
    ['METRICS_PORT', 'on'],
    ['METRICS_TOKEN', 'm'.repeat(15)],
    ['METRICS_TOKEN', 'a token with spaces'],
    ['DATABASE_URL', 'mysql://localhost/links'],
    ['DATABASE_URL', 'links'],
    ['DATABASE_URL', 'postgresql://me:p#ss@db.example/links'],
    ['DATABASE_URL', 'postgresql://me@db.example:99999/links'],
    ['DATABASE_DIRECT_URL', 'links'],
    ['DATABASE_DIRECT_URL', 'postgresql://me@db.example/links'],
    ['DATABASE_PREPARE', 'yes'],
    ['DATABASE_REPLICA_URLS', 'postgresql://me@one.example/links,two'],
    ['DATABASE_REPLICA_URLS', 'postgresql://me@one.example/links'],
    ['REPLICA_MAX_LAG_MS', '5'],
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
    ['ROOT_URL', 'www.example.com'],
    ['ROOT_URL', 'javascript:alert(1)'],
    ['FALLBACK_URL', 'https:///x'],
    ['FALLBACK_URL', 'intent://x'],
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
    ['TARGET_SCHEMES', 'http,'],
    ['TARGET_SCHEMES', 'http://'],
    ['TARGET_SCHEMES', 'http,javascript'],
    ['TARGET_SCHEMES', 'DATA:'],
    ['TRUST_PROXY', 'on'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '0'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '10.0.0.0/8,'],
    ['TRUST_PROXY', 'proxy.example'],
    ['RATE_LIMIT', '-1'],
    ['RATE_LIMIT', '1000/m'],
    ['RATE_LIMIT', '1e3'],
    ['AUTH_FAILURES_LIMIT', 'off'],
    ['OPENINGS_LIMIT', '1.5'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['REDIS_URL', 'http://127.0.0.1:6379'],
    ['REDIS_URL', 'redis://127.0.0.1:99999'],
    ['CORS_ORIGINS', 'dashboard.example.com'],
    ['CORS_ORIGINS', 'https://dashboard.example.com/'],
    ['CORS_ORIGINS', 'https://dashboard.example.com,'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['CORS_ORIGINS', 'https://dashboard.example.com,*'],
    ['CORS_ORIGINS', 'https://me@dashboard.example.com'],
    ['CORS_ORIGINS', 'HTTPS://dashboard.example.com:443'],
    ['CORS_ORIGINS', 'null'],
    ['STREAM_HEARTBEAT_MS', '9'],
    ['STREAM_HEARTBEAT_MS', '15s'],
    ['REQUEST_TIMEOUT_MS', '99'],
    ['REQUEST_TIMEOUT_MS', '60s'],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', '36501'],
    ['RETENTION_DAYS', '30d'],
    ['AUDIT_DAYS', '0'],
    ['AUDIT_DAYS', '36501'],
    ['AUDIT_DAYS', '1y'],
    ['IP_ANONYMIZE', 'yes'],
    ['CAPTURE_WAIT_MS', '0'],
    ['CAPTURE_WAIT_MS', '250ms'],
    ['SPOOL_MAX_BYTES', '1GB'],
    ['NATS_URL', '127.0.0.1:4222'],
    ['NATS_URL', 'nats://'],
    ['NATS_URL', 'http://127.0.0.1:4222'],
    ['NATS_URL', 'nats://127.0.0.1:4222,'],
    ['NATS_URL', 'nats://127.0.0.1:4222/visits'],
    ['NATS_URL', 'nats://me:p%zz@127.0.0.1:4222'],
    ['NATS_URL', 'nats://a:4222,tls://b:4222'],
    ['NATS_URL', 'nats://me:one@a:4222,nats://me:two@b:4222'],
    ['NATS_CREDS', '/no/such/file'],
    ['NATS_CREDS', '/etc/hostname'],
    ['NATS_STREAM', 'two words'],
    ['NATS_STREAM', 'visits.*'],
    ['NATS_REPLICAS', '0'],
    ['NATS_REPLICAS', '6'],
    ['NATS_MAX_BYTES', '1GB'],
    ['NATS_MAX_BYTES', '99999'],
    ['LOG_LEVEL', 'verbose'],
    ['WEBHOOK_ALLOW_PRIVATE', 'yes'],
    ['WEBHOOK_ALLOW_PRIVATE', 'loopback'],
    ['WEBHOOK_ALLOW_PRIVATE', '10.0.0.0/33'],
    ['WEBHOOK_ALLOW_PRIVATE', 'intern.example.com'],
    ['WEBHOOK_CONCURRENCY', '0'],
    ['WEBHOOK_RETRY_BASE_MS', '0'],
    ['WEBHOOK_KEEP_DAYS', '-1'],
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
    expect(refuse({ REDIS_URL: 'redis:hunter2' })).not.toContain('hunter2')
    expect(refuse({ NATS_URL: 'nats://me:hunter2@127.0.0.1:4222/x' })).not.toContain('hunter2')
  })

  it('and several in the same line', () => {
    expect(() => readConfig({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/^PORT must [^\n]+; LOG_LEVEL must [^\n]+$/)
  })
})

describe('NATS_URL', () => {
  const queue = (NATS_URL: string) => readConfig({ NATS_URL }).queue
  const without = { isTls: false, user: undefined, password: undefined, token: undefined, credentials: undefined }
  const defaults = { ...without, stream: 'smart-link', replicas: 1, maxBytes: 1024 ** 3 }

  it.each([
    ['nats://127.0.0.1', { servers: ['127.0.0.1:4222'] }],
    ['nats://a:4223/, nats://[::1]:4224', { servers: ['a:4223', '[::1]:4224'] }],
    ['tls://me:p%40ss%2C@a,tls://b', { servers: ['a:4222', 'b:4222'], isTls: true, user: 'me', password: 'p@ss,' }],
    ['nats://a,nats://s3cret@b', { servers: ['a:4222', 'b:4222'], token: 's3cret' }],
  ])('%s', (url, expected) => {
    expect(queue(url)).toEqual({ ...defaults, ...expected })
  })

  it('goes with what the queue may hold', () => {
    const creds = join(mkdtempSync(join(tmpdir(), 'smart-link-creds-')), 'user.creds')
    onTestFinished(() => rmSync(join(creds, '..'), { recursive: true }))
    writeFileSync(creds, '-----BEGIN NATS USER JWT-----\n')
    const given = { NATS_CREDS: creds, NATS_STREAM: 'clicks', NATS_REPLICAS: '3', NATS_MAX_BYTES: '5000000' }
    expect(readConfig({ NATS_URL: 'nats://a', ...given }).queue).toMatchObject({
      credentials: readFileSync(creds),
      stream: 'clicks',
      replicas: 3,
      maxBytes: 5_000_000,
    })
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

describe('what is traced', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318/' }

  it('goes where the standard variables say', () => {
    const tracing = { url: 'http://collector.example:4318/v1/traces', serviceName: 'smart-link', ratio: 1 }
    expect(readConfig(endpoint).tracing).toEqual(tracing)
    const whole = {
      ...endpoint,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in',
      OTEL_SERVICE_NAME: 'go',
    }
    expect(readConfig(whole).tracing).toEqual({ ...tracing, url: 'https://traces.example/in', serviceName: 'go' })
  })

  it.each([
    ['always_on', 1],
    ['parentbased_always_off', 0],
    ['parentbased_traceidratio', 0.25],
    ['traceidratio', 0.25],
  ])('is the part that %s keeps', (name, ratio) => {
    const sampler = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.25' }
    expect(readConfig({ ...endpoint, ...sampler }).tracing?.ratio).toBe(ratio)
  })

  it.each([{ OTEL_TRACES_EXPORTER: 'none' }, { OTEL_SDK_DISABLED: 'true' }, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }])(
    'is nothing with %j',
    (off) => {
      expect(readConfig({ ...endpoint, ...off }).tracing).toBe(undefined)
    },
  )

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL must be http/json'],
    [{ OTEL_TRACES_SAMPLER: 'toString' }, 'OTEL_TRACES_SAMPLER must be always_on'],
    [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1'],
  ])('is not decided by %j', (wrong, text) => {
    expect(() => readConfig({ ...endpoint, ...wrong })).toThrow(text)
  })
})
