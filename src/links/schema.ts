import { z } from 'zod'
import { type Config, mostRetentionDays } from '../config.js'
import { parseInstant } from '../http/dates.js'
import { memoise } from '../http/memoise.js'
import { pageQuery } from '../http/page-query.js'
import { shortList } from '../http/short-list.js'
import { filterParameters } from './filters.js'
import { isReserved, tokenShape } from './reserved.js'
import { linkRules } from './rules.js'
import { targetAddress } from './target-address.js'

/** `:id` of a link. What cannot be one names no record, so validation answers 404. */
export const linkParams = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .meta({ type: 'integer', minimum: 1, pattern: undefined, examples: [20], description: 'Id of the link.' })
    .transform(Number)
    .refine(Number.isSafeInteger),
})

/** `include=settings` adds to each link what the hosted service does not know. */
export const includeQuery = z.object({
  include: z.literal('settings', { error: 'The include field must be settings.' }).nullish(),
})

export const linksQuery = pageQuery.extend({ ...includeQuery.shape, ...filterParameters })

/** What a request says about a link. Absent: not said, so an edit leaves it as it is. */
export type LinkFields = z.output<ReturnType<typeof linkBody>>

/**
 * Body of create and edit (docs/api-contract.md section 4). The old names `advanced` and `webhook` count where the new ones are absent.
 * Other fields are ignored, as Laravel ignores what a model does not list as fillable.
 *
 * A null (or blank: http/bodies.ts) empties what can be empty, and is not there where nothing could be meant by it.
 */
export const linkBody = ({ targetSchemes, outputZone }: Pick<Config, 'targetSchemes' | 'outputZone'>) =>
  bodyOf(targetSchemes, outputZone)

const bodyOf = memoise((targetSchemes: string[], outputZone: string) =>
  z
    .preprocess(
      withNewNames,
      z.object({
        long_url: targetAddress(targetSchemes).meta({ examples: ['https://www.example.com/offer?visit={id}'] }),
        title: text('title')
          .nullable()
          .meta({ examples: ['Autumn offer'] })
          .transform((title) => title ?? '')
          .optional(),
        webhook_id: text('webhook id').nullable().optional(),
        is_advanced: flag('is advanced'),
        status: flag('status'),
        slug: slug.nullish().transform((given) => given ?? undefined),
        expires_at: expiry(outputZone).nullable().optional(),
        max_visits: wholeNumber('max visits').nullable().optional(),
        fallback_url: targetAddress(targetSchemes, 'fallback url')
          .nullable()
          .meta({ examples: ['https://www.example.com/sorry'] })
          .optional(),
        retention_days: wholeNumber('retention days', mostRetentionDays).nullable().optional(),
        redirect_status: redirectStatus.nullish().transform((given) => given ?? undefined),
        forward_query: flag('forward query'),
        tags: tags
          .nullable()
          .transform((given) => given ?? [])
          .optional(),
        rules: linkRules(targetSchemes, outputZone)
          .nullable()
          .transform((given) => given ?? [])
          .optional(),
      }),
    )
    .meta({
      id: 'LinkFields',
      description: 'The old names `advanced` and `webhook` count where the new ones are absent.',
    }),
)

function withNewNames(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {}
  const { advanced, webhook, ...fields } = body as Record<string, unknown>
  return {
    ...(advanced !== undefined && { is_advanced: advanced }),
    ...(webhook !== undefined && { webhook_id: webhook }),
    ...fields,
  }
}

const longestText = 255

/** A number is taken for its digits, where JSON has not lost any. */
function text(name: string) {
  const error = `The ${name} field must be a string.`
  return z
    .union([z.string(), z.int({ error })], { error })
    .transform(String)
    .refine(
      (given) => [...given].length <= longestText,
      `The ${name} field must not be greater than ${longestText} characters.`,
    )
    .refine(isStorable, `The ${name} field must not contain NUL characters.`)
}

/** PostgreSQL stores every text but these. */
function isStorable(given: string): boolean {
  return given.isWellFormed() && !given.includes('\0')
}

const flags = new Map<unknown, 0 | 1>([
  ...([0, '0', false] as const).map((no) => [no, 0] as const),
  ...([1, '1', true] as const).map((yes) => [yes, 1] as const),
])

function flag(name: string) {
  return z
    .literal([...flags.keys()] as (0 | 1 | '0' | '1' | boolean)[], { error: `The ${name} field must be 0 or 1.` })
    .nullish()
    .transform((given) => flags.get(given))
}

const slug = z
  .string({ error: 'The slug field must be a string.' })
  .regex(new RegExp(tokenShape), {
    error: 'The slug field must be 1 to 64 letters, digits, dashes and underscores.',
    abort: true,
  })
  .refine((given) => !isReserved(given), 'The slug is a word that this server uses itself.')

const notATime = 'The expires at field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.'

const expiry = (zone: string) =>
  z
    .string({ error: notATime })
    .meta({ examples: ['2027-01-31T12:00:00Z'] })
    .transform((given, context) => {
      const instant = parseInstant(given, zone)
      if (instant !== null) return instant
      context.addIssue(notATime)
      return z.NEVER
    })

function wholeNumber(name: string, most?: number) {
  const error = `The ${name} field must be an integer of at least 1${most === undefined ? '' : `, and at most ${most}`}.`
  return z
    .union(
      [
        z.int({ error }),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      { error },
    )
    .refine((given) => given >= 1 && (most === undefined || given <= most), error)
}

const redirectStatuses = [301, 302, 303, 307, 308]

const redirectStatus = z
  .literal([...redirectStatuses, ...redirectStatuses.map(String)], {
    error: `The redirect status field must be ${redirectStatuses.slice(0, -1).join(', ')} or ${redirectStatuses.at(-1)}.`,
  })
  .transform(Number)

const mostTags = 20
const longestTag = 50
const notATag = `A tag must be a text of 1 to ${longestTag} characters.`

const tag = z
  .string({ error: notATag })
  .min(1, notATag)
  .max(longestTag, notATag)
  .refine(isStorable, 'A tag must not contain NUL characters.')

const tags = shortList(
  z.array(tag, { error: 'The tags field must be a list.' }),
  mostTags,
  `The tags field must not have more than ${mostTags} items.`,
).transform((given) => [...new Set(given)])
