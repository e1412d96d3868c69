/** What answers about links look like (docs/api-contract.md section 4). The examples together are a link. */
import { z } from 'zod'
import { emptySchema, okSchema, pageSchema } from '../http/envelope.js'
import { instantWith, wallTime } from '../http/time.js'

const instant = (example: string) => instantWith(6, example)

/** Only with `include=settings`. */
const settings = {
  expires_at: instant('2027-01-31T12:00:00.000000Z').nullable().optional(),
  max_visits: z
    .int()
    .positive()
    .nullable()
    .meta({ description: 'Most openings by people.', examples: [null] })
    .optional(),
  fallback_url: z
    .string()
    .nullable()
    .meta({ description: 'Where it leads while it cannot be opened.', examples: [null] })
    .optional(),
  retention_days: z
    .int()
    .positive()
    .nullable()
    .meta({
      description: 'Days after which visits are removed, where the server does not remove them sooner.',
      examples: [null],
    })
    .optional(),
  redirect_status: z
    .literal([301, 302, 303, 307, 308])
    .meta({ examples: [302] })
    .optional(),
  forward_query: z
    .literal([0, 1])
    .meta({ description: '1: parameters of the short URL are passed on.', examples: [0] })
    .optional(),
  tags: z
    .array(z.string())
    .meta({ examples: [['autumn']] })
    .optional(),
  rules: z
    .array(z.object({ when: z.record(z.string(), z.unknown()), long_url: z.string() }))
    .meta({ description: 'Other targets, the first that fits.', examples: [[]] })
    .optional(),
}

/** A link in lists and alone. */
const linkSchema = z
  .object({
    id: z
      .int()
      .positive()
      .meta({ examples: [20] }),
    title: z.string().meta({ examples: ['Autumn offer'] }),
    short_url: z.string().meta({ examples: ['https://s.example.com/JFlCjw'] }),
    long_url: z.string().meta({ examples: ['https://www.example.com/offer?visit={id}'] }),
    webhook_id: z
      .string()
      .nullable()
      .meta({ examples: [null] }),
    token: z
      .string()
      .nullable()
      .meta({ examples: ['JFlCjw'] }),
    visits: z
      .int()
      .nonnegative()
      .meta({ examples: [1] }),
    last_visited: wallTime('2022-10-31 10:07:27', 'When it was last opened.').nullable(),
    is_advanced: z
      .literal([0, 1])
      .meta({ description: '1: each recipient has a short URL of their own.', examples: [0] }),
    status: z.int().meta({ description: '1: active.', examples: [1] }),
    created_at: instant('2022-10-11T09:58:42.000000Z'),
    updated_at: instant('2022-10-11T09:58:42.000000Z'),
  })
  .extend(settings)
  .meta({ id: 'Link', description: 'A short link.' })

/** A link that was just created or edited. */
const savedLinkSchema = linkSchema
  .extend({
    visits: z.array(z.never()).max(0),
    is_advanced: z
      .literal(['0', '1'])
      .meta({ description: 'As text here, as the request may have sent it.', examples: ['0'] }),
  })
  .meta({ id: 'SavedLink', description: 'A short link as it was just stored.' })

export const linksAnswer = pageSchema('OK', linkSchema)
export const linkAnswer = okSchema('OK', linkSchema)
export const linkCreatedAnswer = okSchema('Link Created Successfully', savedLinkSchema)
export const linkUpdatedAnswer = okSchema('Link Updated Successfully', savedLinkSchema)
export const linkDeletedAnswer = emptySchema('Link Deleted Successfully')
