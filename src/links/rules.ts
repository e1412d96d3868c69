/**
 * Other targets of a link: in order, the first whose conditions a click meets is taken (capture/rules.ts), or else the link's
 * own. What is compared is what the click's visit shows (docs/api-contract.md section 2).
 */
import { z } from 'zod'
import { isTimeZone } from '../config.js'
import { parseInstant } from '../http/dates.js'
import { shortList } from '../http/short-list.js'
import { isPrintable, targetAddress } from './target-address.js'

export type LinkRules = z.output<ReturnType<typeof linkRules>>
export type LinkRule = LinkRules[number]

const mostRules = 50
const mostValues = 100
const longestValue = 50
/** Of all rules together, in characters of JSON: they lie in memory for each link that is opened. */
const longestRules = 16_384
/** The same as they are sent: with nulls, and one value in place of a list. Longer ones are not looked at. */
const longestSent = 1.5 * longestRules
const tooLong = `The rules field must not be greater than ${longestRules} characters as JSON.`

/**
 * `rules` of a link as they are stored. Every condition of a rule must hold; one that is left out, or null, does.
 *
 * @param schemes of targets (target-address.ts)
 * @param zone of instants that name none
 */
export const linkRules = (schemes: readonly string[], zone: string) =>
  shortList(
    z.array(
      z
        .object(
          { when: conditions(zone), long_url: targetAddress(schemes) },
          { error: 'A rule must be an object with when and long_url.' },
        )
        .meta({ examples: [{ when: { device_type: ['tablet'] }, long_url: 'https://www.example.com/wide' }] }),
      { error: 'The rules field must be a list.' },
    ),
    mostRules,
    `The rules field must not have more than ${mostRules} items.`,
    (rules) => (JSON.stringify(rules).length > longestSent ? tooLong : null),
  ).refine((rules) => JSON.stringify(rules).length <= longestRules, tooLong)

/** Half-open, as everywhere: `from` counts, `to` does not. */
const conditions = (zone: string) =>
  z
    .object(
      {
        device_type: deviceTypes.nullish(),
        platform: platforms.nullish(),
        country_code: countryCodes.nullish(),
        browser_lang: languages.nullish(),
        from: instant('from', zone).nullish(),
        to: instant('to', zone).nullish(),
        between: window.nullish(),
        weekday: weekdays.nullish(),
      },
      { error: 'The when field must be an object of conditions.' },
    )
    .catchall(z.undefined({ error: 'There is no such condition.' }))
    .transform(withoutNulls)
    .refine((when) => Object.keys(when).length > 0, 'The when field must have at least one condition.')
    .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
      error: 'The to field must be later than from.',
      path: ['to'],
    })
    .refine(({ weekday, between }) => weekday === undefined || between !== undefined, {
      error: 'The weekday field needs between, whose time zone it is in; a whole day is from 00:00 to 24:00.',
      path: ['weekday'],
    })

/** One value or several; kept as a list. */
function someOf<T extends z.ZodType>(what: string, value: (error: string) => T) {
  const error = `${what}, or a list of up to ${mostValues}.`
  const one = value(error)
  return z.union([one.transform((given) => [given]), shortList(z.array(one).min(1, error), mostValues, error)], {
    error,
  })
}

const platforms = someOf('The platform field must be a name as visits show it, such as iOS', (error) =>
  z.string({ error }).min(1, error).max(longestValue, error).refine(isPrintable, error),
)
const countryCodes = someOf('The country code field must be two letters (ISO 3166-1) such as IN', (error) =>
  z.string({ error }).regex(/^[A-Za-z]{2}$/, error),
)
const languages = someOf('The browser lang field must be a language as visits show it, such as en', (error) =>
  z.string({ error }).regex(/^[A-Za-z]{2,8}$/, error),
)

/** All that visits show (docs/api-contract.md section 2, row 17). */
const deviceTypeNames = [
  ...['desktop', 'smartphone', 'tablet', 'feature phone', 'phablet', 'console', 'tv', 'car browser', 'smart display'],
  ...['camera', 'portable media player', 'smart speaker', 'wearable', 'peripheral'],
]
const deviceTypes = someOf(`The device type field must be one of ${deviceTypeNames.join(', ')}`, (error) =>
  z
    .string({ error })
    .refine((given) => deviceTypeNames.includes(given.toLowerCase()), error)
    .meta({ enum: deviceTypeNames }),
)

function instant(name: string, zone: string) {
  const error = `The ${name} field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.`
  return z.string({ error }).transform((text, context) => {
    const time = parseInstant(text, zone)
    if (time !== null) return time.toISOString()
    context.addIssue(error)
    return z.NEVER
  })
}

const notAZone = 'The timezone field must be an IANA time zone such as Europe/Berlin.'
const notAStart = 'The from field must be a time of day from 00:00 to 23:59.'
const notAnEnd = 'The to field must be a time of day from 00:00 to 24:00.'

/** A part of each day by the clocks of a zone. It may go past midnight. */
const window = z
  .object(
    {
      from: z.string({ error: notAStart }).regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, notAStart),
      to: z.string({ error: notAnEnd }).regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, notAnEnd),
      timezone: z.string({ error: notAZone }).max(longestValue, notAZone).refine(isTimeZone, notAZone),
    },
    { error: 'The between field must be an object with from, to and timezone.' },
  )
  .refine(({ from, to }) => from !== to, {
    error: 'The to field must differ from from; a whole day is from 00:00 to 24:00.',
    path: ['to'],
  })

/** Of the day on which `between` begins: what goes past midnight on Friday is Friday's still. */
const weekdays = someOf('The weekday field must be 1 (Monday) to 7 (Sunday)', (error) =>
  z.literal([1, 2, 3, 4, 5, 6, 7, '1', '2', '3', '4', '5', '6', '7'], { error }).transform(Number),
)

type Known<T> = { [Key in keyof T]?: Exclude<T[Key], null | undefined> }

function withoutNulls<T extends object>(given: T): Known<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as Known<T>
}
