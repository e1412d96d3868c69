/** What answers about reads look like. */
import { z } from 'zod'
import { cursorListSchema } from '../http/cursor-list.js'
import { instantWith } from '../http/time.js'
import { endpoints } from './endpoints.js'

const instant = (example: string, description: string) =>
  instantWith(6, example).meta({ description, examples: [example] })

const count = (example: number, description: string) =>
  z
    .int()
    .nonnegative()
    .meta({ description, examples: [example] })

const position = (example: number, description: string) =>
  z
    .int()
    .nonnegative()
    .nullable()
    .meta({ description: `${description} null: no row was shown.`, examples: [example] })

const readSchema = z
  .object({
    id: z.guid().meta({ examples: ['019a206d-4b60-8f4f-98b7-970dc78e479a'] }),
    token_id: z
      .guid()
      .nullable()
      .meta({
        description:
          'Id of the access token; null: it was signed elsewhere, or it was the operator on the command line.',
        examples: ['01a206d4-16b5-7f4f-98b7-970dc78e479a'],
      }),
    token_name: z
      .string()
      .nullable()
      .meta({ examples: ['Dashboard'] }),
    operation: z.string().meta({ description: 'As this document names it.', examples: ['listVisits'] }),
    endpoint: z
      .string()
      .nullable()
      .meta({ description: 'null: this version does not know it.', examples: [endpoints.listVisits] }),
    link_id: z
      .int()
      .nonnegative()
      .nullable()
      .meta({ description: 'null: all links of the account.', examples: [21] }),
    first_position: position(
      1986,
      'The lowest position that was shown: the number of a visit in the order of recording, of the link or, where there is none, of the account; of recipients, theirs.',
    ),
    last_position: position(2025, 'The highest one.'),
    answers: count(3, 'What goes on for longer counts once in every minute in which it gave rows.'),
    rows: count(40, 'Rows of all these answers together.'),
    filters: z.array(z.string()).meta({
      description: 'Names of filters by personal data that were used. Their values are not kept.',
      examples: [['mobile']],
    }),
    masked: z.boolean().meta({
      description:
        'true: the token may not see numbers, and named some: in a filter, which was refused, or in recipients that it brought.',
      examples: [false],
    }),
    first_at: instant('2026-01-31T12:00:02.120000Z', 'When the first of them was read.'),
    last_at: instant('2026-01-31T12:00:48.007000Z', 'When the last of them was read.'),
  })
  .meta({
    id: 'Read',
    description:
      'Personal data that was read, or numbers that were named by who may not see them, with one token of one link within one minute.',
  })

export const readsAnswer = cursorListSchema(readSchema, 'https://api.example.com/audit/reads')
