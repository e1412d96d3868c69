import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/max'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AddressError, readDatabaseUrl } from './config/database-url.js'
import { nearName } from './config/near-names.js'

const httpAddress = { protocol: /^https?$/, error: 'must be an http or https address' }

const postgresUrlRule =
  'must be an address such as postgresql://user:password@host:5432/database, special characters percent-encoded'

/** A hundred years. */
export const mostRetentionDays = 36_500

/**
 * Everything that can be configured: each variable, its default and its check, in one place. `.env.example` says what
 * each is for.
 */
const variables = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.string().default('3000').refine(isPort, 'must be a port number from 0 to 65535').transform(Number),
  DATABASE_URL: z.string().transform(postgresUrl).optional(),
  DATABASE_DIRECT_URL: z.string().transform(postgresUrl).optional(),
  DATABASE_PREPARE: z.enum(['auto', 'on', 'off'], { error: 'must be auto, on or off' }).default('auto'),
  DATABASE_POOL: z
    .string()
    .default('8')
    .refine((text) => /^\d+$/.test(text) && Number(text) >= 2 && Number(text) <= 500, 'must be a number from 2 to 500')
    .transform(Number),
  DATABASE_REPLICA_URLS: z.string().transform(replicaUrls).default([]),
  REPLICA_MAX_LAG_MS: z
    .string()
    .default('10000')
    .refine((text) => /^[1-9]\d{2,5}$/.test(text), 'must be a number of milliseconds from 100 to 999999')
    .transform(Number),
  DATA_DIR: z.string().min(1).default('./data'),
  PUBLIC_URL: z.string().transform(baseUrl).optional(),
  SHORT_URL: z.string().transform(baseUrl).optional(),
  ROOT_URL: z.string().transform(pageUrl).optional(),
  FALLBACK_URL: z.string().transform(pageUrl).optional(),
  JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
    .refine((secret) => !secret.includes('-----BEGIN'), 'is a key in PEM form: a public one belongs in JWT_PUBLIC_KEY')
    .optional(),
  JWT_PUBLIC_KEY: z.string().transform(publicKey).optional(),
  JWT_JWKS_URL: z.url(httpAddress).optional(),
  JWT_ALGORITHM: z.enum(['RS256', 'ES256', 'EdDSA'], { error: 'must be RS256, ES256 or EdDSA' }).optional(),
  JWT_ISSUER: z.string().min(1).optional(),
  JWT_AUDIENCE: z.string().min(1).optional(),
  DEFAULT_COUNTRY: z.string().transform(countryCode).optional(),
  TARGET_SCHEMES: z.string().default('http,https').transform(targetSchemes),
  TRUST_PROXY: z.string().default('off').transform(trustedProxies),
  RATE_LIMIT: z.string().default('1000').transform(limit),
  AUTH_FAILURES_LIMIT: z.string().default('20').transform(limit),
  OPENINGS_LIMIT: z.string().default('0').transform(limit),
  REDIS_URL: z
    .string()
    .refine(
      (text) => /^rediss?:\/\//.test(text) && URL.canParse(text),
      'must be an address such as redis://127.0.0.1:6379 or rediss://user:password@host:6380/0',
    )
    .optional(),
  CORS_ORIGINS: z.string().transform(origins).default([]),
  STREAMS_LIMIT: z.string().default('100').transform(limit),
  STREAM_HEARTBEAT_MS: z
    .string()
    .default('15000')
    .refine((text) => /^[1-9]\d{1,5}$/.test(text), 'must be a number of milliseconds from 10 to 999999')
    .transform(Number),
  REQUEST_TIMEOUT_MS: z
    .string()
    .default('60000')
    .refine(
      (text) => /^\d{1,6}$/.test(text) && Number(text) >= 100,
      'must be a number of milliseconds from 100 to 999999',
    )
    .transform(Number),
  GEOIP_DB: z.string().min(1).optional(),
  ASN_DB: z.string().min(1).optional(),
  BOT_NETWORKS: z.enum(['off', 'mark', 'bot'], { error: 'must be off, mark or bot' }).default('mark'),
  RETENTION_DAYS: z
    .string()
    .refine(
      (text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= mostRetentionDays,
      `must be a number of days from 1 to ${mostRetentionDays}`,
    )
    .transform(Number)
    .optional(),
  AUDIT_DAYS: z
    .string()
    .default('365')
    .refine(
      (text) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= mostRetentionDays,
      `must be a number of days from 1 to ${mostRetentionDays}`,
    )
    .transform(Number),
  IP_ANONYMIZE: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  CAPTURE_WAIT_MS: z
    .string()
    .default('250')
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= 1, 'must be a number of milliseconds from 1 to 99999')
    .transform(Number),
  SPOOL_MAX_BYTES: z
    .string()
    .default(String(1024 ** 3))
    .refine((text) => /^\d{1,15}$/.test(text), 'must be a number of bytes')
    .transform(Number),
  NATS_URL: z.string().transform(natsServers).optional(),
  NATS_CREDS: z.string().transform(natsCredentials).optional(),
  NATS_STREAM: z
    .string()
    .default('smart-link')
    .refine((name) => /^[\w-]{1,64}$/.test(name), 'must be up to 64 letters, digits, - and _'),
  NATS_REPLICAS: z
    .string()
    .default('1')
    .refine((text) => /^[1-5]$/.test(text), 'must be a number from 1 to 5')
    .transform(Number),
  NATS_MAX_BYTES: z
    .string()
    .default(String(1024 ** 3))
    .refine((text) => /^\d{6,15}$/.test(text), 'must be a number of bytes, 100000 or more')
    .transform(Number),
  WEBHOOK_ALLOW_PRIVATE: z.string().default('off').transform(privateTargets),
  WEBHOOK_CONCURRENCY: z
    .string()
    .default('16')
    .refine((text) => /^[1-9]\d{0,2}$/.test(text), 'must be a number from 1 to 999')
    .transform(Number),
  WEBHOOK_RETRY_BASE_MS: z
    .string()
    .default('2000')
    .refine((text) => /^[1-9]\d{0,4}$/.test(text), 'must be a number of milliseconds from 1 to 99999')
    .transform(Number),
  WEBHOOK_KEEP_DAYS: z
    .string()
    .default('7')
    .refine((text) => /^\d{1,4}$/.test(text), 'must be a number of days from 0 to 9999')
    .transform(Number),
  METRICS_PORT: z.string().refine(isPort, 'must be a port number from 0 to 65535').transform(Number).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  METRICS_TOKEN: z
    .string()
    .refine((token) => /^\S{16,}$/.test(token), 'must have at least 16 characters, none of them a space')
    .optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url(httpAddress).optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url(httpAddress).optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/json', 'http/protobuf'], { error: 'must be http/json: no other way of sending is there' })
    .optional(),
  OTEL_SERVICE_NAME: z.string().default('smart-link'),
  OTEL_TRACES_SAMPLER: z
    .string()
    .default('always_on')
    .transform((name) => name.replace(/^parentbased_/, ''))
    .refine(
      (name) => Object.hasOwn(samplers, name),
      'must be always_on, always_off or traceidratio, or one of these with parentbased_',
    ),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .default('1')
    .refine((text) => /^\d+(\.\d+)?$/.test(text) && Number(text) <= 1, 'must be a number from 0 to 1')
    .transform(Number),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], { error: 'must be otlp or none' }).default('otlp'),
  OTEL_SDK_DISABLED: z.string().optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
  TZ_OUTPUT: z.string().default('UTC').refine(isTimeZone, 'must be UTC or an IANA time zone such as Europe/Berlin'),
  SMART_LINK_TOKEN: z.string().optional(),
})

export interface Config {
  host: string
  port: number
  /** Absent: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  /** PostgreSQL itself, where the other leads to a pooler such as PgBouncer. */
  databaseDirectUrl: string | undefined
  /** Whether statements are prepared under names; auto: not through a pooler. */
  databasePrepare: 'auto' | 'on' | 'off'
  databasePool: number
  /** What lists, feeds, exports and statistics may be read from. */
  replicas: {
    urls: string[]
    /** One that is further behind is not read from. */
    maxLagMs: number
  }
  dataDir: string
  /** Without a slash at the end. Absent: answers use the request's own host. */
  publicUrl: string | undefined
  shortUrl: string | undefined
  /** Target of the short domain's root. Absent: a page. */
  rootUrl: string | undefined
  /** Target of short URLs that cannot be opened and whose link has no fallback_url. Absent: a page that says why. */
  fallbackUrl: string | undefined
  jwt: JwtConfig
  /** Country of phone numbers without a country code. Absent: they are compared by their digits. */
  defaultCountry?: CountryCode | undefined
  /** What addresses a link may lead to begin with, in lower case. Never one that a browser would run or read files with. */
  targetSchemes: string[]
  /** Fastify's `trustProxy`: false, the proxies' addresses, or which hops count. */
  trustProxy: false | string[] | ((address: string, hop: number) => boolean)
  /** Requests a minute of an account; 0: any number. */
  rateLimit: number
  /** Refused access tokens a minute of an address, before it is refused altogether for a while; 0: any number. */
  authFailuresLimit: number
  /** Openings of short links in five minutes of an address; 0: any number. */
  openingsLimit: number
  /** Where several servers count requests together. Absent: each counts its own. */
  redisUrl: string | undefined
  /** Of pages that may read answers; `*`: of any. */
  corsOrigins: string[]
  /** Streams of an account at once, of this process; 0: any number. */
  streamsLimit: number
  /** How often a stream that has nothing to say says so. */
  streamHeartbeatMs: number
  /** How long a request may take to arrive. */
  requestTimeoutMs: number
  /** A MaxMind City file instead of the database of the install. */
  geoipDb: string | undefined
  /** A MaxMind file with the autonomous systems of addresses. Absent: no visit is told apart by its network. */
  asnDb: string | undefined
  /** What becomes of visits from networks of scanners. */
  botNetworks: 'off' | 'mark' | 'bot'
  /** Addresses are stored without their host part (/24, /48). */
  anonymizeIp: boolean
  /** Days after which visits are removed. Absent: never, where the link does not say so. */
  retentionDays: number | undefined
  /** Days after which is forgotten who read personal data. */
  auditDays: number
  /** How long a visit waits for the database before it goes to the spool. */
  captureWaitMs: number
  spoolMaxBytes: number
  /** Absent: clicks go straight to the log. */
  queue: QueueConfig | undefined
  webhooks: WebhookConfig
  metrics: MetricsConfig
  /** Absent: nothing is traced. */
  tracing: TracingConfig | undefined
  logLevel: string
  /** IANA zone of times without one on the wire. */
  outputZone: string
  /** Access token of the server that `smart-link import api` copies. */
  importToken: string | undefined
}

/** Where metrics may be read. */
export interface MetricsConfig {
  host: string
  /** Absent: on the port of the API, for whoever has the token; without a token nowhere. */
  port: number | undefined
  token: string | undefined
}

/** Where traces go, by the variables that OpenTelemetry has for it. */
export interface TracingConfig {
  /** Takes traces as OTLP over HTTP. */
  url: string
  serviceName: string
  /** How many of all traces are kept, 0 to 1. */
  ratio: number
}

/** The durable queue in front of the log. */
export interface QueueConfig extends NatsServers {
  /** Content of a credentials file (`.creds`). */
  credentials: Uint8Array | undefined
  /** What its things in NATS are called, or begin with. */
  stream: string
  replicas: number
  maxBytes: number
}

interface NatsServers {
  /** `host:port` of each. */
  servers: string[]
  isTls: boolean
  user: string | undefined
  password: string | undefined
  token: string | undefined
}

/** How visits go out to webhooks. */
export interface WebhookConfig {
  /** Whether private addresses may be posted to, or which: addresses and CIDR ranges. */
  allowPrivate: boolean | string[]
  /** Most deliveries at once, of this process. */
  concurrency: number
  /** The first retry comes within this time, each later one within twice that of the one before. */
  retryBaseMs: number
  /** How long deliveries that were made can be looked at. */
  keepDays: number
}

/** How a bearer JWT is checked. The algorithm comes from here, never from the token. */
export type JwtConfig = { issuer: string | undefined; audience: string | undefined } & (
  | { kind: 'secret'; secret: string | undefined }
  | { kind: 'public-key'; key: string; algorithm: JwtAlgorithm }
  | { kind: 'jwks'; url: string; algorithm: JwtAlgorithm }
)

export type JwtAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** A bad variable: one line that names it and says what would be right. */
export class ConfigError extends Error {}

/** Every variable that is read, in the order of `.env.example`, with its default as text; empty where there is none. */
export function settings(): { name: string; defaultValue: string }[] {
  const { properties = {} } = z.toJSONSchema(variables, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, property]) => {
    const { default: value = '' } = property as { default?: unknown }
    return { name, defaultValue: typeof value === 'string' ? value : '' }
  })
}

/** @throws ConfigError for a variable that nothing reads and that is one letter away from one that is not set */
function refuseMisspelt(given: Record<string, unknown>): void {
  const known = Object.keys(variables.shape)
  const unset = known.filter((name) => !(name in given))
  for (const name of Object.keys(given)) {
    const meant = name in variables.shape ? undefined : nearName(name, unset)
    if (meant !== undefined) throw new ConfigError(`${name} is read by nothing: ${meant} is probably meant`)
  }
}

/** @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  refuseMisspelt(given)
  const result = variables.safeParse(given)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new ConfigError(problems.join('; '))
  }
  const v = result.data
  if (v.DATABASE_DIRECT_URL !== undefined && v.DATABASE_URL === undefined) {
    throw new ConfigError(
      'DATABASE_DIRECT_URL is set without DATABASE_URL: give the pooler there, or PostgreSQL itself',
    )
  }
  if (v.DATABASE_REPLICA_URLS.length > 0 && v.DATABASE_URL === undefined) {
    throw new ConfigError('DATABASE_REPLICA_URLS is set without DATABASE_URL: the embedded PostgreSQL has no replicas')
  }
  return {
    host: v.HOST,
    port: v.PORT,
    databaseUrl: v.DATABASE_URL,
    databaseDirectUrl: v.DATABASE_DIRECT_URL,
    databasePrepare: v.DATABASE_PREPARE,
    databasePool: v.DATABASE_POOL,
    replicas: { urls: v.DATABASE_REPLICA_URLS, maxLagMs: v.REPLICA_MAX_LAG_MS },
    dataDir: v.DATA_DIR,
    publicUrl: v.PUBLIC_URL,
    shortUrl: v.SHORT_URL,
    rootUrl: v.ROOT_URL,
    fallbackUrl: v.FALLBACK_URL,
    jwt: jwtConfig(v),
    defaultCountry: v.DEFAULT_COUNTRY,
    targetSchemes: v.TARGET_SCHEMES,
    trustProxy: v.TRUST_PROXY,
    rateLimit: v.RATE_LIMIT,
    authFailuresLimit: v.AUTH_FAILURES_LIMIT,
    openingsLimit: v.OPENINGS_LIMIT,
    redisUrl: v.REDIS_URL,
    corsOrigins: v.CORS_ORIGINS,
    streamsLimit: v.STREAMS_LIMIT,
    streamHeartbeatMs: v.STREAM_HEARTBEAT_MS,
    requestTimeoutMs: v.REQUEST_TIMEOUT_MS,
    geoipDb: v.GEOIP_DB,
    asnDb: v.ASN_DB,
    botNetworks: v.BOT_NETWORKS,
    anonymizeIp: v.IP_ANONYMIZE === 'on',
    retentionDays: v.RETENTION_DAYS,
    auditDays: v.AUDIT_DAYS,
    captureWaitMs: v.CAPTURE_WAIT_MS,
    spoolMaxBytes: v.SPOOL_MAX_BYTES,
    queue: queueConfig(v),
    webhooks: {
      allowPrivate: v.WEBHOOK_ALLOW_PRIVATE,
      concurrency: v.WEBHOOK_CONCURRENCY,
      retryBaseMs: v.WEBHOOK_RETRY_BASE_MS,
      keepDays: v.WEBHOOK_KEEP_DAYS,
    },
    metrics: { host: v.METRICS_HOST, port: v.METRICS_PORT, token: v.METRICS_TOKEN },
    tracing: tracingConfig(v),
    logLevel: v.LOG_LEVEL,
    outputZone: v.TZ_OUTPUT,
    importToken: v.SMART_LINK_TOKEN,
  }
}

function jwtConfig(v: z.output<typeof variables>): JwtConfig {
  const named = (['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'] as const).filter((name) => v[name] !== undefined)
  if (named.length > 1) throw new ConfigError(`${named.join(' and ')} exclude each other: give one`)
  const claims = { issuer: v.JWT_ISSUER, audience: v.JWT_AUDIENCE }
  if (v.JWT_JWKS_URL) return { ...claims, kind: 'jwks', url: v.JWT_JWKS_URL, algorithm: v.JWT_ALGORITHM ?? 'RS256' }
  const pinned = v.JWT_PUBLIC_KEY?.algorithm ?? 'HS256'
  if (v.JWT_ALGORITHM !== undefined && v.JWT_ALGORITHM !== pinned) {
    throw new ConfigError(`JWT_ALGORITHM ${v.JWT_ALGORITHM} does not fit the key, which is for ${pinned}`)
  }
  if (v.JWT_PUBLIC_KEY) return { ...claims, kind: 'public-key', ...v.JWT_PUBLIC_KEY }
  return { ...claims, kind: 'secret', secret: v.JWT_SECRET }
}

function postgresUrl(text: string, context: Refinement): string {
  try {
    if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) throw new AddressError(postgresUrlRule)
    readDatabaseUrl(text)
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    context.addIssue(error.message)
  }
  return text
}

function replicaUrls(text: string, context: Refinement): string[] {
  return text.split(',').map((url) => postgresUrl(url.trim(), context))
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= 65535
}

function queueConfig(v: z.output<typeof variables>): QueueConfig | undefined {
  if (v.NATS_URL === undefined) return undefined
  return {
    ...v.NATS_URL,
    credentials: v.NATS_CREDS,
    stream: v.NATS_STREAM,
    replicas: v.NATS_REPLICAS,
    maxBytes: v.NATS_MAX_BYTES,
  }
}

/** Which part of traces is kept. Those of others are not continued, so that samplers with parentbased_ are as those without. */
const samplers: Record<string, (argument: number) => number> = {
  always_on: () => 1,
  always_off: () => 0,
  traceidratio: (argument) => argument,
}

function tracingConfig(v: z.output<typeof variables>): TracingConfig | undefined {
  const base = v.OTEL_EXPORTER_OTLP_ENDPOINT
  const url = v.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`)
  const isOff = v.OTEL_TRACES_EXPORTER === 'none' || v.OTEL_SDK_DISABLED?.toLowerCase() === 'true'
  const ratio = samplers[v.OTEL_TRACES_SAMPLER]?.(v.OTEL_TRACES_SAMPLER_ARG) ?? 1
  return url === undefined || isOff ? undefined : { url, serviceName: v.OTEL_SERVICE_NAME, ratio }
}

type Refinement = { addIssue(message: string): void }

function baseUrl(text: string, context: Refinement): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isBase =
    url !== null && /^https?:$/.test(url.protocol) && `${url.search}${url.hash}${url.username}${url.password}` === ''
  if (!isBase) {
    context.addIssue('must be an http or https address without a query, such as https://api.example.com')
    return z.NEVER
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** In the ASCII form of a Location header. */
function pageUrl(text: string, context: Refinement): string {
  if (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text)) return new URL(text).href
  context.addIssue('must be an http or https address, such as https://www.example.com/')
  return z.NEVER
}

/** Of one cluster: all with the same scheme and login, which may stand at one of them only. */
function natsServers(text: string, context: Refinement): NatsServers {
  const given = text.split(',').map((server) => server.trim())
  const urls = given.flatMap((server) => (URL.canParse(server) ? [new URL(server)] : []))
  const isServer = ({ protocol, username, password, hostname, pathname, search, hash }: URL) =>
    /^(nats|tls):$/.test(protocol) &&
    hostname !== '' &&
    /^\/?$/.test(pathname + search + hash) &&
    /^([^%]|%[\da-f]{2})*$/i.test(username + password)
  const schemes = new Set(urls.map(({ protocol }) => protocol))
  const logins = new Set(urls.flatMap(({ username, password }) => (username ? [`${username}:${password}`] : [])))
  if (urls.length < given.length || !urls.every(isServer) || schemes.size > 1 || logins.size > 1) {
    context.addIssue(
      'must be addresses of one cluster such as nats://127.0.0.1:4222 or tls://user:password@host:4222, comma-separated',
    )
    return z.NEVER
  }
  const { username = '', password = '' } = urls.find((url) => url.username !== '') ?? {}
  const [name, secret] = [decodeURIComponent(username) || undefined, decodeURIComponent(password) || undefined]
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`),
    isTls: schemes.has('tls:'),
    user: secret === undefined ? undefined : name,
    password: secret,
    token: secret === undefined ? name : undefined,
  }
}

function natsCredentials(path: string, context: Refinement): Uint8Array {
  try {
    const content = readFileSync(path)
    if (content.includes('-----BEGIN NATS USER JWT')) return content
  } catch {
    // No such file: said below.
  }
  context.addIssue('must be the path of a NATS credentials file (.creds)')
  return z.NEVER
}

/** The key itself, with `\n` for line breaks where a variable cannot hold them, or the path of a file that has it. */
function publicKey(text: string, context: Refinement): { key: string; algorithm: JwtAlgorithm } {
  try {
    const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : readFileSync(text, 'utf8')
    const key = createPublicKey(pem)
    const algorithm = pem.includes('PRIVATE') ? null : keyAlgorithm(key)
    if (algorithm !== null) return { key: key.export({ type: 'spki', format: 'pem' }).toString(), algorithm }
  } catch {
    // No file, or no key: said below.
  }
  context.addIssue('must be a public key in PEM form (RSA of 2048 bits, EC P-256 or Ed25519), or the path of one')
  return z.NEVER
}

function keyAlgorithm(key: KeyObject): JwtAlgorithm | null {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048 ? 'RS256' : null
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  return namedCurve === 'prime256v1' ? 'ES256' : null
}

function countryCode(text: string, context: Refinement): CountryCode {
  const code = text.trim().toUpperCase()
  if (isSupportedCountry(code)) return code
  context.addIssue('must be a country as two letters of ISO 3166-1, such as GB or IN')
  return z.NEVER
}

/** Run by browsers, read from the visitor's own disk, or shown as a page of somebody else's making. */
const neverTargets = ['javascript', 'vbscript', 'data', 'file', 'blob', 'filesystem', 'about', 'view-source', 'jar']

function targetSchemes(text: string, context: Refinement): string[] {
  const schemes = text.split(',').map((scheme) => scheme.trim().toLowerCase().replace(/:$/, ''))
  const wrong = schemes.find((scheme) => !/^[a-z][a-z0-9+.-]*$/.test(scheme) || neverTargets.includes(scheme))
  if (wrong === undefined) return [...new Set(schemes)]
  context.addIssue(
    neverTargets.includes(wrong)
      ? `must not have ${wrong}: a link that leads there could harm who opens it`
      : 'must be schemes of addresses, comma-separated, such as http,https,intent,market',
  )
  return z.NEVER
}

function trustedProxies(text: string, context: Refinement): Config['trustProxy'] {
  if (text === 'off') return false
  if (/^[1-9]\d?$/.test(text)) return (_, hop) => hop < Number(text)
  const proxies = text.split(',').map((proxy) => proxy.trim())
  if (proxies.every(isAddressRange)) return proxies
  context.addIssue('must be off, a number of hops, or the addresses or CIDR ranges of the proxies, comma-separated')
  return z.NEVER
}

/** How often something may be done; 0: any number of times. */
function limit(text: string, context: Refinement): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  context.addIssue('must be a number, 0 for no limit')
  return z.NEVER
}

/** Exact origins, as browsers send them. */
function origins(text: string, context: Refinement): string[] {
  const given = text.split(',').map((origin) => origin.trim())
  const isOrigin = (origin: string) =>
    !origin.includes('*') && /^https?:\/\//.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin
  if (text === '*' || given.every(isOrigin)) return [...new Set(given)]
  context.addIssue('must be * or origins, comma-separated, such as https://dashboard.example.com,http://localhost:5173')
  return z.NEVER
}

function privateTargets(text: string, context: Refinement): WebhookConfig['allowPrivate'] {
  if (text === 'on' || text === 'off') return text === 'on'
  const ranges = text.split(',').map((range) => range.trim())
  if (ranges.every((range) => isAddressRange(range) && /[.:]/.test(range))) return ranges
  context.addIssue('must be off, on, or addresses and CIDR ranges such as 10.0.0.0/8,fd00::/8')
  return z.NEVER
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** No abbreviations: CET is an hour off UTC all year to PostgreSQL, but has summers to JavaScript. */
export function isTimeZone(text: string): boolean {
  return zoneNamed(text) !== null
}

/**
 * A time zone by one name of the several that it may have, in any case of letters.
 *
 * @returns null when there is none
 */
export function zoneNamed(text: string): string | null {
  const known = zoneNames.get(text)
  if (known !== undefined) return known
  if (text !== 'UTC' && !/^[A-Za-z]+\//.test(text)) return null
  try {
    const zone = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
    zoneNames.set(text, zone)
    return zone
  } catch {
    return null
  }
}

/** To ask takes a while. */
const zoneNames = new LRUCache<string, string>({ max: 1_000 })
