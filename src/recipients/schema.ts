import { z } from 'zod'
import { mapInStretches } from '../event-loop.js'
import { parseInstant } from '../http/dates.js'
import { invalid } from '../http/errors.js'
import { memoise } from '../http/memoise.js'
import { pageQuery } from '../http/page-query.js'
import { checkedByRoute, fieldErrors, validated } from '../http/validate.js'
import { mobileDigits } from '../recipient-files/mobile-text.js'
import { givenMobile, mobileProblemText, soughtMobile } from './given-mobile.js'

/** Most recipients that one request brings. */
const mostRecipients = 10_000

/** Room for as many, each with the longest values and every character of them escaped. */
export const recipientsBodyLimit = 8 * 1024 * 1024

const list = `The recipients field must be a list of 1 to ${mostRecipients} recipients.`
const number = mobileProblemText('not_a_number')
const message = 'The message_id field must be a text of 1 to 255 characters.'
const time = 'The sent_at field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.'

/** A number as JSON loses digits above 2^53: it is refused there, not stored wrongly. */
const text = (error: string, example: string) =>
  z
    .union([z.string(), z.int({ error }).nonnegative({ error })], { error })
    .meta({ examples: [example] })
    .transform((value) => String(value).trim())

const optionalText = (error: string, example: string) =>
  text(error, example)
    .nullish()
    .transform((value) => value || null)

/** What people and spreadsheets write into and around numbers is left out. */
const mobile = text(number, '447700900123').transform((value, context) => {
  const read = givenMobile(value)
  if ('mobile' in read) return read.mobile
  context.addIssue(mobileProblemText(read.problem))
  return z.NEVER
})

const messageId = optionalText(message, 'm-1').refine(
  (value) => value === null || (value.length <= 255 && value.isWellFormed() && !/\p{Cc}/u.test(value)),
  message,
)

const sentAt = (zone: string) =>
  optionalText(time, '2026-01-31T12:00:00Z').transform((value, context) => {
    const instant = value === null ? null : parseInstant(value, zone)
    if (value === null || instant !== null) return instant
    context.addIssue(time)
    return z.NEVER
  })

/** One that a sender wants a token for. Times without a zone are in `zone`. */
export const wantedRecipient = memoise((zone: string) =>
  z.object(
    { mobile, message_id: messageId, sent_at: sentAt(zone) },
    { error: 'A recipient must be an object with a mobile.' },
  ),
)

/** A list, or `recipients` with one. Read by the route (`givenRecipients`), not at once by the schema. */
export const recipientsBody = memoise((zone: string) =>
  checkedByRoute(
    bodyWith(z.array(wantedRecipient(zone)).min(1).max(mostRecipients)).meta({
      id: 'NewRecipients',
      description: 'Or the list alone.',
    }),
  ),
)

const bodyWith = <List extends z.ZodType>(recipients: List) =>
  z.preprocess((body) => (Array.isArray(body) ? { recipients: body } : body), z.object({ recipients }, { error: list }))

const anyList = bodyWith(z.array(z.unknown(), { error: list }).min(1, list).max(mostRecipients, list))

export type GivenRecipient = z.output<ReturnType<typeof wantedRecipient>>

/** Nobody reads more problems. */
const mostProblems = 100

/**
 * The recipients of a body, in stretches.
 *
 * @throws HttpError 422 with the first problems
 */
export async function givenRecipients(body: unknown, zone: string): Promise<GivenRecipient[]> {
  const { recipients } = validated(anyList, 'body', body) as z.output<typeof anyList>
  const schema = wantedRecipient(zone)
  const problems: z.core.$ZodIssue[] = []
  const given = await mapInStretches(recipients, (recipient, index) => {
    const result = problems.length < mostProblems ? schema.safeParse(recipient) : null
    for (const issue of result?.error?.issues ?? []) {
      problems.push({ ...issue, path: ['recipients', index, ...issue.path] })
    }
    return result?.data
  })
  if (problems.length > 0) throw invalid(fieldErrors(new z.ZodError(problems.slice(0, mostProblems))))
  return given.flatMap((recipient) => recipient ?? [])
}

/** A person, by the number that recipients have. */
export const erasureBody = z.object({ mobile }, { error: 'The body must be an object with a mobile.' })

const filters = 'There are visited and mobile.'
const soughtNumber = 'The filter mobile takes a phone number.'

/** `filter[visited]`: 1 for those who have opened the link, 0 for those who have not; `filter[mobile]`: those with the number. */
export const recipientsQuery = pageQuery.extend({
  filter: z
    .object(
      {
        visited: z.enum(['0', '1'], { error: 'The filter visited must be 0 or 1.' }).optional(),
        mobile: z
          .string({ error: soughtNumber })
          .transform((value, context) => {
            const mobile = soughtMobile(value)
            if (mobile !== null && mobile.length >= mobileDigits.least) return mobile
            context.addIssue(soughtNumber)
            return z.NEVER
          })
          .optional()
          .meta({
            description: 'In any spelling. Needs the scope `visits:pii`.',
            examples: ['+44 7700 900123'],
            type: 'string',
          }),
      },
      { error: `Filters are written filter[name]. ${filters}` },
    )
    .catchall(z.undefined({ error: `There is no such filter. ${filters}` }))
    .optional(),
})
