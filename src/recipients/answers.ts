/** What answers about recipients look like. */
import { z } from 'zod'
import { okSchema, pageSchema } from '../http/envelope.js'
import { wallTime } from '../http/time.js'

const count = (description: string) =>
  z
    .int()
    .nonnegative()
    .meta({ description, examples: [1] })

const recipientSchema = z
  .object({
    id: z
      .int()
      .positive()
      .meta({ description: 'Number within the link.', examples: [1] }),
    token: z
      .string()
      .nullable()
      .meta({
        description:
          'null: the person was erased. Without the scope `visits:pii` also null where the link has `{mobile}` in an address that it leads to, since whoever opens the short URL gets the number; but not for who gave the number.',
        examples: ['JFlCjwQ'],
      }),
    short_url: z
      .url()
      .nullable()
      .meta({ examples: ['https://s.example.com/JFlCjwQ'] }),
    message_id: z
      .string()
      .nullable()
      .meta({ examples: ['m-1'] }),
    mobile: z
      .string()
      .nullable()
      .meta({
        description: 'Without the scope `visits:pii` its last three digits are `***`.',
        examples: ['447700900***'],
      }),
    sent_at: wallTime('2022-10-31 10:00:00', 'When the message was sent.').nullable(),
    visits: count('Openings of the short URL.'),
    human_visits: count('Those of people.'),
    first_visit: wallTime('2022-10-31 10:07:27', "A person's first.").nullable(),
    last_visit: wallTime('2022-10-31 10:07:27', "A person's last.").nullable(),
    created_at: wallTime('2022-10-31 09:59:00', 'When the recipient was created.'),
  })
  .meta({ id: 'Recipient', description: 'A person that a link was sent to.' })

export const recipientsCreatedAnswer = okSchema('Recipients Created Successfully', z.array(recipientSchema))

export const recipientsAnswer = pageSchema('Recipients', recipientSchema)
