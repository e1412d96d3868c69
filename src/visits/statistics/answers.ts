/** What answers with statistics look like. */
import { z } from 'zod'
import { okSchema } from '../../http/envelope.js'

const count = (example: number, description?: string) =>
  z
    .int()
    .nonnegative()
    .meta({ ...(description !== undefined && { description }), examples: [example] })

const counts = { visits: count(5), people: count(4), bots: count(1), suspected: count(0) }

const text = (example: string) =>
  z
    .string()
    .nullable()
    .meta({ examples: [example] })
    .optional()

const totals = z.object({
  visits: count(2025),
  people: count(1688, 'Visits that people made.'),
  bots: count(337, 'Visits that no person made.'),
  suspected: count(41, "Of the people's visits, those that something speaks against (`options.suspect`)."),
  unique_visitors: count(1203, 'Pairs of an address and a user agent that people came with.'),
  recipients_reached: count(640, 'Recipients whom a visit of a person has come from.'),
  recipients_sent: count(900, 'All recipients of the link, or of all links.'),
})

const bucket = z.object({
  start: z.iso.datetime({ offset: true }).meta({ examples: ['2026-11-01T00:00:00+01:00'] }),
  ...counts,
})

const group = z
  .object({
    browser: text('Chrome'),
    platform: text('Android'),
    device_type: text('smartphone'),
    device_brand: text('Samsung'),
    country_code: text('IN'),
    region: text('Haryana'),
    city: text('Gurugram'),
    browser_lang: text('en'),
    host: text('go.example.com'),
    weekday: z.int().min(1).max(7).optional(),
    hour: z.int().min(0).max(23).optional(),
    link: z.int().positive().optional(),
    title: z
      .string()
      .meta({ examples: ['Summer sale'] })
      .optional(),
    ...counts,
  })
  .meta({
    description: 'The fields that were asked for, with null for what is not known, and how many visits have them.',
  })

/** `interval=day&group_by=browser&top=1` over two days. */
const example = {
  totals: {
    visits: 5,
    people: 4,
    bots: 1,
    suspected: 0,
    unique_visitors: 3,
    recipients_reached: 2,
    recipients_sent: 900,
  },
  series: [
    { start: '2026-11-01T00:00:00+01:00', visits: 5, people: 4, bots: 1, suspected: 0 },
    { start: '2026-11-02T00:00:00+01:00', visits: 0, people: 0, bots: 0, suspected: 0 },
  ],
  groups: [{ browser: 'Chrome', visits: 3, people: 3, bots: 0, suspected: 0 }],
  other: { groups: 2, visits: 2, people: 1, bots: 1, suspected: 0 },
}

export const statisticsAnswer = okSchema(
  'Statistics',
  z
    .object({
      totals,
      series: z.array(bucket).nullable().meta({ description: 'null without `interval`.' }),
      groups: z
        .array(group)
        .nullable()
        .meta({ description: 'null without `group_by`. Most visits first, then by value.' }),
      other: z
        .object({ groups: count(3, 'Groups that `top` has cut.'), ...counts })
        .nullable()
        .meta({ description: 'null when nothing was cut.' }),
    })
    .meta({ id: 'Statistics', description: 'Exact at the moment of reading.', examples: [example] }),
)
