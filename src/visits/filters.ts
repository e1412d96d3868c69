import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDateRange, parseInstant } from '../http/dates.js'
import { soughtMobile } from '../recipients/given-mobile.js'
import { type MobileRule, mobileRule } from '../recipients/mobile.js'
import { type MobileSearch, mobileSearch } from '../recipients/mobile-search.js'
import { suspicions } from './suspects.js'

/** Filters of the visit list, by the field of a visit that they compare. */
export const filterNames = [
  'browser',
  'platform',
  'device_type',
  'device_brand',
  'country_code',
  'region',
  'city',
  'browser_lang',
  'host',
  'token',
  'message_id',
  'mobile',
  'client_ip',
  'suspect',
] as const

export type FilterName = (typeof filterNames)[number]

/** Wanted and unwanted values of one field. */
export interface Condition {
  name: FilterName
  include: string[]
  exclude: string[]
  /** What the numbers of these are found by, of `mobile`. */
  numbers?: { include: MobileSearch; exclude: MobileSearch }
}

/** What the numbers of a condition on `mobile` are found by. */
export function searchOf({ numbers, ...condition }: Condition, side: 'include' | 'exclude'): MobileSearch {
  return numbers?.[side] ?? mobileSearch(mobileRule(undefined), condition[side])
}

/** Which visits are wanted, and in which order. */
export interface VisitFilters {
  conditions: Condition[]
  /** Half-open range of created_at. */
  from: Date | null
  to: Date | null
  bots: 'include' | 'exclude' | 'only'
  /** null: newest recorded first. */
  sort: 'created_at' | '-created_at' | null
}

const deviceTypes = [
  ...['desktop', 'smartphone', 'tablet', 'feature phone', 'phablet', 'console', 'tv', 'car browser', 'smart display'],
  ...['camera', 'portable media player', 'smart speaker', 'wearable', 'peripheral'],
]

const mostValues = 50

/**
 * Query parameters that choose visits.
 *
 * @param zone of instants without one
 * @param rule by which numbers are compared
 */
export function filterParameters(zone: string, rule: MobileRule = mobileRule(undefined)) {
  const instant = (description: string) =>
    z
      .string({ error: notADate })
      .meta({
        description: `${description} A time without a zone is in the output zone.`,
        examples: ['2026-01-31T12:00:00Z'],
      })
      .transform((text, context) => {
        const time = parseInstant(text, zone)
        if (time !== null) return time
        context.addIssue(notADate())
        return z.NEVER
      })
  const range = z
    .object(
      { created_at: z.string({ error: notARange }).meta({ examples: ['Jun 26, 2026 - Jun 28, 2026'] }) },
      { error: notARange },
    )
    .meta({ description: 'A day, or a range of days or times, with both ends.' })
    .transform((value, context) => {
      const times = parseDateRange(value.created_at, zone)
      if (times !== null) return times
      context.addIssue({ code: 'custom', path: ['created_at'], message: notARange() })
      return z.NEVER
    })
  return {
    filter: z
      .record(z.string(), z.unknown(), { error: unknownFilter('') })
      .meta({ description: filtersText, properties: filterProperties, additionalProperties: false })
      .transform((filters, context) => readConditions(filters, context, rule))
      .optional(),
    from: instant('Visits from this time on.').optional(),
    to: instant('Visits before this time.').optional(),
    date: range.optional(),
    datetime: range.optional(),
    bots: z
      .enum(['include', 'exclude', 'only'], { error: 'The bots field must be include, exclude or only.' })
      .default('include')
      .meta({ description: 'Openings that no person made.' }),
    sort: z
      .enum(['created_at', '-created_at'], { error: 'The sort field must be created_at or -created_at.' })
      .meta({ description: 'Instead of newest recorded first.' })
      .optional(),
  }
}

const filtersText = `Several values with commas (up to ${mostValues}); \`-\` in front of a value excludes it. \`mobile\` takes numbers in any spelling, and needs the scope \`visits:pii\`.`

const filterProperties = Object.fromEntries(filterNames.map((name) => [name, { type: 'string' }]))

interface FilterInput {
  filter?: Condition[] | undefined
  from?: Date | undefined
  to?: Date | undefined
  date?: DateRange | undefined
  datetime?: DateRange | undefined
  bots: VisitFilters['bots']
  sort?: 'created_at' | '-created_at' | undefined
}

interface DateRange {
  from: Date
  to: Date
}

/** Several ranges of time mean what all of them allow. */
export function visitFilters(input: FilterInput): VisitFilters {
  const starts = [input.from, input.date?.from, input.datetime?.from].flatMap((time) => time ?? [])
  const ends = [input.to, input.date?.to, input.datetime?.to].flatMap((time) => time ?? [])
  return {
    conditions: input.filter ?? [],
    from: starts.length === 0 ? null : new Date(Math.max(...starts.map(Number))),
    to: ends.length === 0 ? null : new Date(Math.min(...ends.map(Number))),
    bots: input.bots,
    sort: input.sort ?? null,
  }
}

/** Whether positions alone say which visits are on a page. */
export function isDense({ conditions, from, to, bots, sort }: VisitFilters): boolean {
  return conditions.length === 0 && from === null && to === null && bots !== 'only' && sort === null
}

/** Names of filters that tell one person from others. */
export function personalFilters({ conditions }: Pick<VisitFilters, 'conditions'>): readonly FilterName[] {
  return conditions.length === 0 ? none : conditions.map(({ name }) => name).filter((name) => personal.has(name))
}

const none: readonly FilterName[] = []
const personal: ReadonlySet<FilterName> = new Set(['token', 'message_id', 'mobile', 'client_ip'])

function readConditions(filters: Record<string, unknown>, context: z.RefinementCtx, rule: MobileRule): Condition[] {
  const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message })
  return Object.entries(filters).flatMap(([name, value]) => {
    const known = filterNames.find((filter) => filter === name)
    if (known === undefined) return issue(name, unknownFilter(name)) ?? []
    if (typeof value !== 'string') return issue(name, `The filter ${name} must have a value.`) ?? []
    const values = value.split(',').map((text) => text.trim())
    const wrong = valueProblem(known, values)
    if (wrong !== null) return issue(name, wrong) ?? []
    const [exclude = [], include = []] = [true, false].map((wanted) => {
      return values
        .filter((text) => text.startsWith('-') === wanted)
        .map((text) => normalize(known, wanted ? text.slice(1) : text))
    })
    if (known !== 'mobile') return { name: known, include, exclude }
    const numbers = { include: mobileSearch(rule, include), exclude: mobileSearch(rule, exclude) }
    return { name: known, include, exclude, numbers }
  })
}

function normalize(name: FilterName, text: string): string {
  if (name === 'mobile') return soughtMobile(text) ?? text
  return name === 'country_code' ? text.toUpperCase() : text
}

function valueProblem(name: FilterName, values: string[]): string | null {
  const plain = values.map((text) => text.replace(/^-/, ''))
  if (values.length > mostValues) return `The filter ${name} takes up to ${mostValues} values.`
  if (plain.some((text) => text === '' || text.length > 255 || text.includes('\0'))) {
    return `The filter ${name} takes values of 1 to 255 characters, separated by commas.`
  }
  const checks: Partial<Record<FilterName, [(text: string) => boolean, string]>> = {
    device_type: [(text) => deviceTypes.includes(text), `The filter device_type takes ${deviceTypes.join(', ')}.`],
    country_code: [
      (text) => /^[a-z]{2}$/i.test(text),
      'The filter country_code takes two letters of ISO 3166-1, such as IN.',
    ],
    // PostgreSQL knows no zones of IPv6 addresses.
    client_ip: [(text) => isIP(text) !== 0 && !text.includes('%'), 'The filter client_ip takes IP addresses.'],
    suspect: [(text) => suspicions.some((one) => one === text), `The filter suspect takes ${suspicions.join(', ')}.`],
    mobile: [(text) => soughtMobile(text) !== null, 'The filter mobile takes phone numbers.'],
  }
  const [isRight, message] = checks[name] ?? [() => true, '']
  return plain.every(isRight) ? null : message
}

function unknownFilter(name: string): string {
  return `${name === '' ? 'Filters are written filter[name].' : `There is no filter ${name}.`} There are ${filterNames.join(', ')}.`
}

function notADate(): string {
  return 'The field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31 or 2026-01-31T12:00:00+01:00.'
}

function notARange(): string {
  return 'The field must be [created_at] with a date or a range of dates, such as Jun 26, 2026 - Jun 28, 2026.'
}
