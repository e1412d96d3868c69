import type { CountryCode } from 'libphonenumber-js/max'
import { z } from 'zod'
import { cursorListFields } from '../http/cursor-list.js'
import { memoise } from '../http/memoise.js'
import { pageQuery } from '../http/page-query.js'
import { mobileRule } from '../recipients/mobile.js'
import { filterParameters } from './filters.js'

const position = 'The as of field must be now or the position of a visit.'

const asOf = z
  .string({ error: position })
  .regex(/^(now|0|[1-9]\d{0,14})$/, position)
  .meta({
    description: 'Freezes the list at a position: the number of a visit, in the order of recording, or `now`.',
    examples: ['now'],
  })
  .transform((text) => (text === 'now' ? text : Number(text)))
  .optional()

/** Query of a link's visits. `as_of` freezes the list at a position, so that a walk sees every row once. */
export const visitsQuery = memoise((zone: string, country?: CountryCode) =>
  pageQuery.extend({
    ...filterParameters(zone, mobileRule(country)),
    as_of: asOf,
  }),
)

/** Query of an export: the filters of the list, always in the order of recording. It goes on after a cursor or a visit. */
export const exportQuery = memoise((zone: string, country?: CountryCode) =>
  z
    .object({
      ...filterParameters(zone, mobileRule(country)),
      format: z
        .enum(['ndjson', 'csv', 'parquet'], { error: 'The format field must be ndjson, csv or parquet.' })
        .default('ndjson')
        .meta({ description: 'Of the file.' }),
      as_of: asOf,
      cursor: z
        .string({ error: 'The cursor field must be a cursor of this link.' })
        .meta({ description: 'Goes on after an earlier export, or a feed of the link.' })
        .optional(),
      after: z
        .guid({ error: 'The after field must be the id of a visit of this link.' })
        .meta({ description: 'Goes on after a visit.' })
        .optional(),
      sort: z.undefined({ error: 'An export is in the order of recording.' }).optional(),
    })
    .refine(({ cursor, after }) => cursor === undefined || after === undefined, {
      path: ['after'],
      error: 'The after field goes on after a visit, a cursor after a position. Give one of them.',
    }),
)

const wait = 'The wait field must be a number of seconds between 0 and 60.'

/** Query of a feed. It has every visit, so it takes no filters. */
export const feedQuery = memoise((zone: string) =>
  z
    .object({
      limit: cursorListFields.limit,
      cursor: z
        .string({ error: 'The cursor field must be a cursor of this feed.' })
        .meta({ description: 'Goes on where an earlier answer ended.' })
        .optional(),
      since: filterParameters(zone).from,
      wait: z
        .string({ error: wait })
        .regex(/^([0-5]?\d|60)$/, wait)
        .meta({
          description: 'Seconds to wait for a visit when there is none.',
          ...{ type: 'integer', minimum: 0, maximum: 60, default: 0, pattern: undefined },
        })
        .transform(Number)
        .default(0),
      filter: z.undefined({ error: 'A feed takes no filters: it has every visit.' }).optional(),
      sort: z.undefined({ error: 'A feed is in the order of recording.' }).optional(),
    })
    .refine(({ cursor, since }) => cursor === undefined || since === undefined, {
      path: ['since'],
      error: 'The since field starts a feed; a cursor goes on with one. Give one of them.',
    }),
)

/** Query of a stream: where it starts, when it does not start now. */
export const streamQuery = z.object({
  cursor: z
    .string({ error: 'The cursor field must be a cursor of this feed.' })
    .meta({ description: 'Goes on where a feed, an export or a stream ended; without it the stream starts now.' })
    .optional(),
  filter: z.undefined({ error: 'A stream takes no filters: it has every visit.' }).optional(),
  sort: z.undefined({ error: 'A stream is in the order of recording.' }).optional(),
})

/** What an EventSource that connects again sends by itself. It is newer than the cursor in the address. */
export const streamHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .meta({ description: 'The id of the last event that was received: goes on after it.' })
    .optional(),
})
