/** What answers about erasures look like. */
import { z } from 'zod'
import { okSchema, pageSchema } from '../http/envelope.js'
import { instantWith } from '../http/time.js'

const instant = () => instantWith(6, '2026-01-31T12:00:00.000000Z')

const erased = {
  id: z.guid().meta({ description: 'Of the erasure.', examples: ['01a206d4-16b5-7f4f-98b7-970dc78e479a'] }),
  erased_at: instant()
    .nullable()
    .meta({
      description: 'When all was blanked; null: it was cut off. The next request for the number goes on with it.',
      examples: ['2026-01-31T12:00:00.000000Z'],
    }),
  recipients: z
    .int()
    .nonnegative()
    .nullable()
    .meta({ description: 'Recipients that were blanked; null without the scope `visits:pii`.', examples: [2] }),
  visits: z
    .int()
    .nonnegative()
    .nullable()
    .meta({ description: 'Visits that were blanked; null without the scope `visits:pii`.', examples: [7] }),
}

const erasureSchema = z
  .object({
    ...erased,
    created_at: instant().meta({ description: 'When it was asked for.', examples: ['2026-01-31T12:00:00.000000Z'] }),
    access_token_id: z
      .guid()
      .nullable()
      .meta({
        description: 'Who asked for it; null: the token was signed elsewhere, and is not stored here.',
        examples: ['01a206d4-16b5-7f4f-98b7-970dc78e479b'],
      }),
    mobile_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .meta({
        description: 'Stands for the number: the same for the same one; null without the scope `visits:pii`.',
        examples: ['ab'.repeat(32)],
      }),
  })
  .meta({ id: 'Erasure', description: 'The record of a person who was blanked.' })

export const erasedAnswer = okSchema('Recipient Erased Successfully', z.object(erased))
export const erasuresAnswer = pageSchema('Erasures', erasureSchema)
