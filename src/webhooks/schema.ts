import { z } from 'zod'
import type { WebhookConfig } from '../config.js'
import { cursorListFields } from '../http/cursor-list.js'
import { memoise } from '../http/memoise.js'
import { pageQuery } from '../http/page-query.js'
import { includeQuery } from '../links/schema.js'
import { isPrintable } from '../links/target-address.js'
import { mayPostTo } from './addresses.js'
import { verificationCodeOf } from './code.js'
import { longestUri, uriProblem } from './uri.js'

/** What answers show instead of a secret. */
export const mask = '*****'

const guid = (example: string, description: string) =>
  z
    .guid()
    .toLowerCase()
    .meta({ pattern: undefined, examples: [example], description })

/** `:id` of a webhook. What cannot be one names no record, so validation answers 404. */
export const webhookParams = z.object({ id: guid('01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11', 'Id of the webhook.') })

export const deliveryParams = webhookParams.extend({
  delivery: guid('835b7433-0aaf-457c-88e7-7433b00d1234', 'Id of the delivery, which is that of its visit.'),
})

const notAName = 'The filter name takes a text of up to 255 characters.'

export const webhooksQuery = pageQuery.extend({
  ...includeQuery.shape,
  filter: z
    .object(
      { name: z.string({ error: notAName }).max(255, notAName).refine(isStorable, notAName).nullish() },
      { error: 'Filters are written filter[name]. There is name.' },
    )
    .catchall(z.undefined({ error: 'There is no such filter. There is name.' }))
    .meta({ description: '`name` may be a part of the name.' })
    .optional(),
})

export const deliveryStates = ['pending', 'delivered', 'parked'] as const

const notAState = `The filter state must be ${deliveryStates.join(', ')}.`

export const deliveriesQuery = z.object({
  filter: z
    .object(
      { state: z.enum(deliveryStates, { error: notAState }).nullish() },
      { error: 'Filters are written filter[name]. There is state.' },
    )
    .catchall(z.undefined({ error: 'There is no such filter. There is state.' }))
    .optional(),
  ...cursorListFields,
})

/** What a request says about a webhook. Absent: not said, so an edit leaves it as it is. */
export type NewWebhook = z.output<ReturnType<typeof newWebhookBody>>
export type EditedWebhook = z.output<ReturnType<typeof editedWebhookBody>>

type AllowPrivate = WebhookConfig['allowPrivate']

/** Body of create (docs/api-contract.md section 8). Other fields are ignored, as those of links are. */
export const newWebhookBody = memoise((allowPrivate: AllowPrivate) =>
  bodyOf({
    name,
    uri: uri(allowPrivate),
    status,
    whole_numbers: wholeNumbers,
    secret: secret.refine((given) => given !== mask, notTheMask('secret')).nullish(),
    token: token.nullish().transform((given) => given ?? undefined),
  }).meta({ id: 'NewWebhook' }),
)

/** Body of an edit: what it leaves out stays, and so does what it gives back masked. */
export const editedWebhookBody = memoise((allowPrivate: AllowPrivate) =>
  bodyOf({
    name: name.optional(),
    uri: uri(allowPrivate).optional(),
    status,
    whole_numbers: wholeNumbers,
    secret: secret
      .transform((given) => (given === mask ? undefined : given))
      .nullable()
      .optional(),
    token: z
      .union([z.literal(mask).transform(() => undefined), token])
      .nullish()
      .transform((given) => given ?? undefined),
  }).meta({ id: 'EditedWebhook' }),
)

function bodyOf<Fields extends z.core.$ZodLooseShape>(fields: Fields) {
  const isObject = (given: unknown) => typeof given === 'object' && given !== null && !Array.isArray(given)
  return z.preprocess((given) => (isObject(given) ? given : {}), z.object(fields))
}

const longestText = 255

/** A number is taken for its digits, where JSON has not lost any. */
const text = (field: string, longest: number, required?: string) => {
  const notText = `The ${field} field must be a string.`
  return z
    .union([z.string(), z.int({ error: notText })], {
      error: ({ input }) => (input == null && required ? required : notText),
    })
    .transform(String)
    .refine((given) => given !== '', { error: required ?? `The ${field} field must not be empty.`, abort: true })
    .refine((given) => given.length <= longest, {
      error: `The ${field} field must not be greater than ${longest} characters.`,
      abort: true,
    })
    .refine(isPrintable, { error: `The ${field} field must not contain control characters.`, abort: true })
}

const name = text('name', longestText, 'The name field is required.').meta({ examples: ['Orders'] })

const uri = (allowPrivate: AllowPrivate) => {
  const mayPost = mayPostTo(allowPrivate)
  return text('uri', longestUri, 'The uri field is required.')
    .refine((given) => uriProblem(given, mayPost) === null, {
      error: ({ input }) => uriProblem(String(input), mayPost) ?? '',
    })
    .meta({ examples: ['https://www.example.com/hooks/visit?link={link_id}'] })
}

const flags = new Map<unknown, 0 | 1>([
  ...([0, '0', false] as const).map((no) => [no, 0] as const),
  ...([1, '1', true] as const).map((yes) => [yes, 1] as const),
])

const flag = (name: string, description: string) =>
  z
    .literal([...flags.keys()] as (0 | 1 | '0' | '1' | boolean)[], { error: `The ${name} field must be 0 or 1.` })
    .nullish()
    .meta({ description })
    .transform((given) => flags.get(given))

const status = flag('status', '0: nothing is sent.')

const wholeNumbers = flag(
  'whole numbers',
  '1: numbers are sent whole; 0: without their last three digits. Only with the scope `visits:pii` can it be 1, as it is for a new webhook then, or be changed.',
)

/** It is sent in a header. */
const secret = text('secret', longestText)
  .refine((given) => /^[\x20-\x7e]*$/.test(given), 'The secret field must have printable ASCII characters only.')
  .meta({ description: 'Goes out as `Authorization: Bearer …`.', examples: ['s3cret'] })

const notAKey = 'The token field must be whsec_ and a key of 24 to 64 bytes in base64, or a text without whsec_.'

const token = text('token', longestText)
  .refine((given) => given !== mask, notTheMask('token'))
  .transform((given, context) => {
    const code = verificationCodeOf(given)
    if (code !== null) return code
    context.addIssue(notAKey)
    return z.NEVER
  })
  .meta({ description: 'Becomes the verification code; without it, one is made.' })

function notTheMask(field: string): string {
  return `The ${field} field must be the ${field} itself, not ${mask}.`
}

function isStorable(given: string): boolean {
  return given.isWellFormed() && !given.includes('\0')
}
