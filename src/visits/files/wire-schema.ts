/** The form of each of the 34 keys in a file. "" and null both mean absent. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { foreignMobile, mobileProblemTexts } from '../../recipients/given-mobile.js'
import { instantOf } from './wall-time.js'
import type { WireKey } from './wire-keys.js'

export interface WireRowOptions {
  /** Instead of what the file says. */
  ownerId?: number | undefined
  linkId?: number | undefined
  /** IANA zone of `created_at`. */
  zone: string
  /** Stores numbers that a spreadsheet has spoilt as they are, where nobody can mend them. */
  keepsSpoiltNumbers?: boolean
}

export type WireRow = z.output<ReturnType<typeof wireRow>>

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
const unlessGiven = (id: number | undefined) =>
  id === undefined
    ? recordId
    : z
        .unknown()
        .optional()
        .transform(() => id)

/** A row of a file as zod checks it. */
export function wireRow({ ownerId, linkId, zone, keepsSpoiltNumbers = false }: WireRowOptions) {
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
        .refine((given) => isStorableJson(given), {
          error: `must not contain NUL, half of a surrogate pair, or more than ${deepest} levels`,
          abort: true,
        })
        .refine((given) => JSON.stringify(given).length <= 16_384, 'must have at most 16384 characters as JSON')
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
      mobile: text(255).transform((given, context) => {
        const read = given === null ? { mobile: null } : foreignMobile(given)
        if ('mobile' in read) return read.mobile || null
        if (keepsSpoiltNumbers) return given
        context.addIssue(mobileProblemTexts[read.problem])
        return z.NEVER
      }),
    } satisfies Record<WireKey, z.ZodType>,
    'must be a JSON object',
  )
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

/** Deeper nesting would end in the stacks of JSON.stringify and of PostgreSQL. */
const deepest = 50

function isStorableJson(given: unknown, depth = 0): boolean {
  if (typeof given === 'string') return isStorable(given)
  if (typeof given !== 'object' || given === null) return true
  return (
    depth < deepest &&
    Object.entries(given).every(([key, value]) => isStorable(key) && isStorableJson(value, depth + 1))
  )
}
