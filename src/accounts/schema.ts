import { z } from 'zod'
import { parseInstant } from '../http/dates.js'
import { invalid } from '../http/errors.js'
import { memoise } from '../http/memoise.js'
import { pageQuery } from '../http/page-query.js'
import { shortList } from '../http/short-list.js'
import { parseRange } from './allowed-ips.js'
import { scopes } from './scopes.js'

/** `:id` of a token. What cannot be one names no record, so validation answers 404. */
export const tokenParams = z.object({
  id: z.guid().meta({ examples: ['01a206d4-16b5-7f4f-98b7-970dc78e479a'], description: 'Id of the token.' }),
})

export const tokensQuery = pageQuery

/** What a request says about a new token; undefined where it says nothing. */
export type TokenFields = z.output<ReturnType<typeof tokenBody>>

/**
 * Body of a new token. An unknown field is refused: a limit that is misspelt, or that this server does not have, would otherwise
 * make a token that may do more than was meant.
 *
 * @param zone of times that name none
 */
export const tokenBody = memoise((zone: string) => {
  const fields = {
    name,
    scopes: scopeList,
    expires_at: expiry(zone).nullish(),
    allowed_ips: ranges.nullish(),
    rate_limit: rateLimit.nullish(),
    type: z
      .enum(['opaque', 'jwt'], { error: 'The type field must be opaque or jwt.' })
      .nullish()
      .meta({ description: 'Without it, opaque.' }),
  }
  return z
    .looseObject(fields)
    .superRefine((given, context) => {
      const unknown = Object.keys(given).filter((field) => !Object.hasOwn(fields, field))
      for (const field of unknown.slice(0, maxNamed)) {
        context.addIssue({ code: 'custom', path: [field], message: unknownField(Object.keys(fields)) })
      }
    })
    .meta({ additionalProperties: false })
})

/** Most unknown fields that one answer names. */
const maxNamed = 20

function unknownField(known: string[]): string {
  return `There is no such field of an access token. There are ${known.slice(0, -1).join(', ')} and ${known.at(-1)}.`
}

/**
 * Refuses fields of a new token in the query, where nobody would read them.
 *
 * @throws HttpError 422
 */
export function refuseQueryFields(query: unknown): void {
  const names = Object.keys(query as object).filter((name) => name !== 'access_token' && name !== '_method')
  if (names.length === 0) return
  const text = 'The fields of an access token must be in the body of the request.'
  throw invalid(Object.fromEntries(names.slice(0, maxNamed).map((name) => [name, [text]])))
}

const longestName = 255

const name = z
  .string({ error: ({ input }) => `The name field ${input == null ? 'is required' : 'must be a string'}.` })
  .max(longestName, `The name field must not be greater than ${longestName} characters.`)
  .refine((given) => given.isWellFormed() && !given.includes('\0'), 'The name field must not contain NUL characters.')
  .meta({ examples: ['Dashboard'] })

const notScopes = `The scopes field must be a list of ${scopes.slice(0, -1).join(', ')} and ${scopes.at(-1)}.`

const mostScopes = 100
const someScopes = shortList(z.array(z.enum(scopes)).min(1, notScopes), mostScopes, notScopes)

const scopeList = z
  .union([someScopes, z.string().transform(words).pipe(someScopes)], {
    error: ({ input }) => (input == null ? 'The scopes field is required.' : notScopes),
  })
  .transform((given) => [...new Set(given)])
  .meta({
    description: 'Those of the token in use at most. `admin` includes the others, but `visits:pii` must be named.',
    examples: [['visits:read', 'links:read']],
  })

const mostRanges = 100
const notRanges = `The allowed ips field must be up to ${mostRanges} addresses and CIDR ranges, such as 203.0.113.7 and 10.0.0.0/8.`

const range = z.string().transform((text, context) => {
  const parsed = parseRange(text)
  if (parsed !== null) return parsed
  context.addIssue(notRanges)
  return z.NEVER
})

const someRanges = shortList(z.array(range), mostRanges, notRanges)

const ranges = z
  .union([someRanges, z.string().transform(words).pipe(someRanges)], {
    error: notRanges,
  })
  .transform((given) => [...new Set(given)])
  .meta({
    description: 'Where it may be used from, as a list or comma-separated. Without it, where the token in use may.',
    examples: [['203.0.113.7', '10.0.0.0/8']],
  })

const notATime = 'The expires at field must be a time to come, such as 2027-01-31T12:00:00Z.'

const expiry = (zone: string) =>
  z
    .string({ error: notATime })
    .meta({ description: 'Without it, when the token in use does.', examples: ['2027-01-31T12:00:00Z'] })
    .transform((given, context) => {
      const instant = parseInstant(given, zone)
      if (instant !== null && instant.getTime() > Date.now()) return instant
      context.addIssue(notATime)
      return z.NEVER
    })

const notALimit = 'The rate limit field must be an integer of at least 1.'

const rateLimit = z
  .union(
    [
      z.int({ error: notALimit, abort: true }),
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ],
    { error: notALimit },
  )
  .refine((given) => given >= 1 && given < 1e9, notALimit)
  .meta({ description: 'Requests a minute, those of the account at most.', examples: [100] })

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}
