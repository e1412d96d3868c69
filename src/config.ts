import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { z } from 'zod'

/**
 * Everything that can be configured: each variable, its default and its check, in one place. `.env.example` says what
 * each is for.
 */
const variables = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z
    .string()
    .default('3000')
    .refine((text) => /^\d+$/.test(text) && Number(text) <= 65535, 'must be a port number from 0 to 65535')
    .transform(Number),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text),
      'must be an address such as postgresql://user:password@host:5432/database, special characters percent-encoded',
    )
    .optional(),
  DATABASE_POOL: z
    .string()
    .default('8')
    .refine((text) => /^\d+$/.test(text) && Number(text) >= 2 && Number(text) <= 500, 'must be a number from 2 to 500')
    .transform(Number),
  DATA_DIR: z.string().min(1).default('./data'),
  PUBLIC_URL: z.string().transform(baseUrl).optional(),
  SHORT_URL: z.string().transform(baseUrl).optional(),
  JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
    .refine((secret) => !secret.includes('-----BEGIN'), 'is a key in PEM form: a public one belongs in JWT_PUBLIC_KEY')
    .optional(),
  JWT_PUBLIC_KEY: z.string().transform(publicKey).optional(),
  JWT_JWKS_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
  JWT_ALGORITHM: z.enum(['RS256', 'ES256', 'EdDSA'], { error: 'must be RS256, ES256 or EdDSA' }).optional(),
  JWT_ISSUER: z.string().min(1).optional(),
  JWT_AUDIENCE: z.string().min(1).optional(),
  TRUST_PROXY: z.string().default('off').transform(trustedProxies),
  GEOIP_DB: z.string().min(1).optional(),
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
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
  TZ_OUTPUT: z.string().default('UTC').refine(isTimeZone, 'must be UTC or an IANA time zone such as Europe/Berlin'),
})

export interface Config {
  host: string
  port: number
  /** Absent: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  databasePool: number
  dataDir: string
  /** Without a slash at the end. Absent: answers use the request's own host. */
  publicUrl: string | undefined
  shortUrl: string | undefined
  jwt: JwtConfig
  /** Fastify's `trustProxy`: false, the proxies' addresses, or which hops count. */
  trustProxy: false | string[] | ((address: string, hop: number) => boolean)
  /** A MaxMind City file instead of the database of the install. */
  geoipDb: string | undefined
  /** Addresses are stored without their host part (/24, /48). */
  anonymizeIp: boolean
  /** How long a visit waits for the database before it goes to the spool. */
  captureWaitMs: number
  spoolMaxBytes: number
  logLevel: string
  /** IANA zone of times without one on the wire. */
  outputZone: string
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

/** @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const result = variables.safeParse(given)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new ConfigError(problems.join('; '))
  }
  const v = result.data
  return {
    host: v.HOST,
    port: v.PORT,
    databaseUrl: v.DATABASE_URL,
    databasePool: v.DATABASE_POOL,
    dataDir: v.DATA_DIR,
    publicUrl: v.PUBLIC_URL,
    shortUrl: v.SHORT_URL,
    jwt: jwtConfig(v),
    trustProxy: v.TRUST_PROXY,
    geoipDb: v.GEOIP_DB,
    anonymizeIp: v.IP_ANONYMIZE === 'on',
    captureWaitMs: v.CAPTURE_WAIT_MS,
    spoolMaxBytes: v.SPOOL_MAX_BYTES,
    logLevel: v.LOG_LEVEL,
    outputZone: v.TZ_OUTPUT,
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

function trustedProxies(text: string, context: Refinement): Config['trustProxy'] {
  if (text === 'off') return false
  if (/^[1-9]\d?$/.test(text)) return (_, hop) => hop < Number(text)
  const proxies = text.split(',').map((proxy) => proxy.trim())
  if (proxies.every(isAddressRange)) return proxies
  context.addIssue('must be off, a number of hops, or the addresses or CIDR ranges of the proxies, comma-separated')
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
function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone === 'UTC' || /^[A-Za-z]+\//.test(zone)
  } catch {
    return false
  }
}
