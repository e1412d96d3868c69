import type { CountryCode } from 'libphonenumber-js/max'
import { z } from 'zod'
import { isTimeZone, zoneNamed } from '../../config.js'
import { memoise } from '../../http/memoise.js'
import { mobileRule } from '../../recipients/mobile.js'
import { filterParameters } from '../filters.js'
import { facetFields, type GroupField, groupFields, intervals } from './dimensions.js'

const top = 'The top field must be a number between 1 and 100.'
const noSort = 'Statistics have an order of their own.'

/**
 * Query of statistics: the filters and dates of the list, and what to count by.
 *
 * @param zone of what has no zone; times in the query are in its `timezone` instead, which the caller looks for first
 * @param isAccount whether links can be told apart
 * @param country of national numbers
 */
export const statisticsQuery = memoise((zone: string, isAccount: boolean, country?: CountryCode) =>
  z.object({
    ...filterParameters(zone, mobileRule(country)),
    timezone: z
      .string({ error: notAZone })
      .refine(isTimeZone, notAZone())
      .meta({
        description:
          'IANA time zone of days, hours and weekdays, and of times without a zone. The output zone if it is left out.',
        examples: ['Europe/Berlin'],
      })
      // What is found in a zone is remembered by its name: one name is enough.
      .transform((text) => zoneNamed(text) ?? text)
      .optional(),
    interval: z
      .enum(intervals, { error: `The interval field must be ${intervals.join(', ')}.` })
      .meta({ description: 'Length of the buckets of the series. Weeks begin on Monday.', examples: ['day'] })
      .optional(),
    group_by: z
      .string({ error: notFields(isAccount) })
      .transform((text, context) => {
        const fields = readFields(text, isAccount)
        if (fields !== null) return fields
        context.addIssue(notFields(isAccount))
        return z.NEVER
      })
      .meta({ description: groupText(isAccount), examples: ['browser', 'country_code,city', 'weekday,hour'] })
      .optional(),
    top: z
      .string({ error: top })
      .regex(/^([1-9]\d?|100)$/, top)
      .meta({ type: 'integer', minimum: 1, maximum: 100, default: 10, pattern: undefined })
      .transform(Number)
      .default(10),
    sort: z.undefined({ error: noSort }).optional(),
  }),
)

export type StatisticsQuery = z.output<ReturnType<typeof statisticsQuery>>

function fieldsOf(isAccount: boolean): readonly GroupField[] {
  return isAccount ? groupFields : groupFields.filter((field) => field !== facetFields.link[0])
}

function readFields(text: string, isAccount: boolean): GroupField[] | null {
  const names = text.split(',').map((name) => name.trim())
  const fields = names.flatMap((name) => fieldsOf(isAccount).find((field) => field === name) ?? [])
  const isRight = fields.length === names.length && fields.length <= 2 && new Set(fields).size === fields.length
  return isRight ? fields : null
}

function notFields(isAccount: boolean): string {
  return `The group by field must be one or two of ${fieldsOf(isAccount).join(', ')}.`
}

function groupText(isAccount: boolean): string {
  return `One or two of ${fieldsOf(isAccount)
    .map((field) => `\`${field}\``)
    .join(', ')}. Of \`weekday\` (1 is Monday) and \`hour\` all values are given, in order, whatever \`top\` says.`
}

function notAZone(): string {
  return 'The timezone field must be an IANA time zone, such as Europe/Berlin.'
}
