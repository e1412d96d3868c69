/**
 * Checks what a file says about a visit: the way back from resource.ts. "" and null both mean absent; which of them the wire
 * shows is the column's affair.
 */
import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { RecipientClaim } from '../recipients/claims.js'
import type { NewVisit } from './visit.js'
import { instantOf } from './wall-time.js'
import type { WireKey } from './wire-keys.js'

export interface WireRowOptions {
  /** Instead of what the file says. */
  ownerId?: number | undefined
  linkId?: number | undefined
  /** IANA zone of `created_at`. */
  zone: string
}

/** A visit as a file describes it. Its recipient is known by token, not yet by number. */
export interface WireVisit {
  ownerId: number
  recipient: RecipientClaim | null
  visit: NewVisit
}

/** Reads one row; a text is the reason why it cannot be one. */
export function wireRowReader(options: WireRowOptions): (row: unknown) => WireVisit | string {
  const schema = wireRow(options)
  return (row) => {
    const result = schema.safeParse(row)
    if (!result.success) return reasonOf(result.error)
    return result.data.token === null && (result.data.message_id !== null || result.data.mobile !== null)
      ? 'message_id and mobile must be empty without a token'
      : wireVisit(result.data)
  }
}

const text = (longest: number) =>
  z
    .string('must be text')
    .max(longest, `must have at most ${longest} characters`)
    .refine(isStorable, 'must not contain NUL or half of a surrogate pair')
    .nullish()
    .transform((given) => given || null)

const uuid = (problem: string) =>
  z
    .string(problem)
    .regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, problem)
    .transform((given) => given.toLowerCase())

const recordId = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^[1-9]\d{0,15}$/)
        .transform(Number),
    ],
    'must be a positive number',
  )
  .refine((id) => Number.isSafeInteger(id) && id > 0, 'must be a positive number')

/** The value of the command line whatever the file says, or else the file's. */
const unlessGiven = (id: number | undefined) => (id === undefined ? recordId : z.unknown().transform(() => id))

function wireRow({ ownerId, linkId, zone }: WireRowOptions) {
  return z.strictObject(
    {
      id: uuid('must be a UUID'),
      user_id: unlessGiven(ownerId),
      link_id: unlessGiven(linkId),
      client_ip: text(45).refine((ip) => ip === null || isAddress(ip), 'must be an IP address'),
      scheme: z
        .enum(['http', 'https', ''], 'must be http, https or empty')
        .nullish()
        .transform((given) => given || null),
      host: text(255),
      query_string: text(8192),
      user_agent: text(2048),
      browser: text(255),
      browser_version: text(255),
      browser_lang: text(255),
      browser_engine: text(255),
      resolution: text(255),
      platform: text(255),
      platform_version: text(255),
      platform_name: text(255),
      device_type: text(255),
      device_brand: text(255),
      device_model: text(255),
      touch_enabled: z
        .literal(['0', '1', 0, 1, ''], 'must be 0 or 1')
        .nullish()
        .transform((given) => Number(given) === 1),
      latitude: text(255),
      longitude: text(255),
      country: text(255),
      country_code: text(255),
      region: text(255),
      city: text(255),
      zipcode: text(255),
      timezone: text(255),
      options: z
        .custom<object>(isPlainObject, 'must be a JSON object or null')
        .refine(isStorableJson, 'must not contain NUL or half of a surrogate pair')
        .nullish()
        .transform((given) => given ?? null),
      created_at: z.string('must be a time such as 2022-10-31 10:07:27').transform((given, context) => {
        const instant = instantOf(given, zone)
        if (instant === null) context.addIssue(`must be a time of the calendar in ${zone} such as 2022-10-31 10:07:27`)
        return instant ?? z.NEVER
      }),
      visit_id: z.union([uuid('must be a UUID'), z.literal('')], 'must be a UUID').nullish(),
      token: text(64).refine((given) => given === null || /^[\w-]+$/.test(given), 'must be letters, digits, _ and -'),
      message_id: text(255),
      mobile: text(255),
    } satisfies Record<WireKey, z.ZodType>,
    'must be a JSON object',
  )
}

type WireRow = z.output<ReturnType<typeof wireRow>>

function wireVisit(row: WireRow): WireVisit {
  const { token, message_id, mobile } = row
  const visit: NewVisit = {
    id: row.id,
    visitId: row.visit_id || randomUUID(),
    linkId: row.link_id,
    createdAt: row.created_at,
    recipientId: null,
    clientIp: row.client_ip,
    scheme: row.scheme,
    host: row.host,
    queryString: row.query_string,
    browserLang: row.browser_lang,
    resolution: row.resolution,
    userAgent: userAgentOf(row),
    place: placeOf(row),
    isBot: row.options !== null && 'bot' in row.options && row.options.bot === true,
    options: row.options,
  }
  // The wire shows the token where no message is known (resource.ts).
  const recipient =
    token === null ? null : { linkId: row.link_id, token, messageId: message_id === token ? null : message_id, mobile }
  return { ownerId: row.user_id, recipient, visit }
}

function userAgentOf(row: WireRow) {
  return {
    userAgent: row.user_agent,
    hints: null,
    browser: row.browser,
    browserVersion: row.browser_version,
    browserEngine: row.browser_engine,
    platform: row.platform,
    platformVersion: row.platform_version,
    platformName: row.platform_name,
    deviceType: row.device_type,
    deviceBrand: row.device_brand,
    deviceModel: row.device_model,
    touchEnabled: row.touch_enabled,
  }
}

function placeOf(row: WireRow) {
  const place = {
    country: row.country,
    countryCode: row.country_code,
    region: row.region,
    city: row.city,
    zipcode: row.zipcode,
    latitude: row.latitude,
    longitude: row.longitude,
    timezone: row.timezone,
  }
  return Object.values(place).some((part) => part !== null) ? place : null
}

function reasonOf(error: z.ZodError): string {
  const reasons = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
    return [...issue.path, issue.message].join(' ')
  })
  return reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? `; and ${reasons.length - 3} more` : '')
}

/** PostgreSQL knows no zones of IPv6 addresses. */
const isAddress = (ip: string): boolean => isIP(ip) > 0 && !ip.includes('%')

/** PostgreSQL stores neither NUL nor text that is no Unicode. */
function isStorable(given: string): boolean {
  return !given.includes('\0') && given.isWellFormed()
}

function isPlainObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

function isStorableJson(given: unknown): boolean {
  if (typeof given === 'string') return isStorable(given)
  if (typeof given !== 'object' || given === null) return true
  return Object.entries(given).every(([key, value]) => isStorable(key) && isStorableJson(value))
}
