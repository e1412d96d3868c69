/** What answers about visits look like (docs/api-contract.md section 2). The examples together are the documented visit. */
import { z } from 'zod'
import { errorSchema, okSchema, pageSchema } from '../http/envelope.js'
import { instantWith, wallTime } from '../http/time.js'
import type { WireKey } from './files/wire-keys.js'
import { lostVisits } from './settled-place.js'

const text = (example: string, description?: string) =>
  z.string().meta({ ...(description !== undefined && { description }), examples: [example] })

const numberAsText = (example: string, description: string) =>
  z
    .string()
    .regex(/^\d+$/)
    .meta({ description, examples: [example] })

const textOrNull = (example: string | null, description: string) =>
  z
    .string()
    .nullable()
    .meta({ description, examples: [example] })

/** The 34 keys of a visit. "" is an unknown text; null stays where the documented answer has it. */
export const visitSchema = z
  .object({
    id: z.guid().meta({ description: 'Id of the visit.', examples: ['835b7433-0aaf-457c-88e7-7433b00d1234'] }),
    user_id: numberAsText('26', 'Owner of the link.'),
    link_id: numberAsText('20', 'The link that was opened.'),
    client_ip: text('127.0.0.1', 'Address of the visitor; without its host part where the server is set to cut it.'),
    scheme: z
      .enum(['http', 'https'])
      .nullable()
      .meta({ description: 'Of the short URL that was opened.', examples: [null] }),
    host: textOrNull(null, 'Of the short URL that was opened.'),
    query_string: text('', 'Of the short URL that was opened, without `?`.'),
    user_agent: text(
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36',
    ),
    browser: text('Chrome'),
    browser_version: text('67.0.3396.99'),
    browser_lang: text('en', 'First language of Accept-Language, primary subtag.'),
    browser_engine: text('Blink'),
    resolution: textOrNull(null, 'A redirect cannot see it.'),
    platform: text('Mac', 'Operating system.'),
    platform_version: text('10.13.6'),
    platform_name: text('MAC', 'Short code of the operating system.'),
    device_type: text('desktop'),
    device_brand: text('Apple'),
    device_model: text(''),
    touch_enabled: z.enum(['0', '1']).meta({ examples: ['0'] }),
    latitude: text(''),
    longitude: text(''),
    country: text('localhost', 'English name.'),
    country_code: text('', 'ISO 3166-1 alpha-2.'),
    region: text(''),
    city: text('localhost'),
    zipcode: text(''),
    timezone: text('', 'IANA name.'),
    options: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ examples: [null] }),
    created_at: wallTime('2022-10-31 10:07:27', 'When the link was opened.'),
    visit_id: z.guid().meta({ description: 'A second id.', examples: ['58a26f02-73e2-40ef-ab35-de427e9a6c6b'] }),
    token: textOrNull('JFlCjw', "The recipient's short token; null for a link without recipients."),
    message_id: textOrNull('JFlCjw', 'Message that carried the link; the token where none is known.'),
    mobile: textOrNull(
      '9019955***',
      "The recipient's number. Without the scope `visits:pii` its last three digits are `***`.",
    ),
  } satisfies Record<WireKey, z.ZodType>)
  .meta({ id: 'Visit', description: 'One opening of a link.' })

export const visitsAnswer = pageSchema('Visits', visitSchema)

const noPage = z.null().meta({ description: 'A feed only goes on.' })

/** A feed has no numbers of pages: it goes on from a cursor. */
export const feedAnswer = okSchema('Visits', z.array(visitSchema)).extend({
  links: z.object({
    first: noPage,
    last: noPage,
    prev: noPage,
    next: z.url().meta({
      description: 'What comes next; to be asked for at any later time.',
      examples: ['https://api.example.com/link/visits/feed?limit=100&cursor=eyJhbGciOi'],
    }),
  }),
  meta: z.object({
    path: z.url().meta({ examples: ['https://api.example.com/link/visits/feed'] }),
    per_page: z
      .int()
      .min(1)
      .max(1000)
      .meta({ examples: [100] }),
    next_cursor: z.string().meta({ examples: ['eyJhbGciOi'] }),
    prev_cursor: z.null(),
    complete_through: instantWith(3, '2022-10-31T10:07:27.512Z')
      .nullable()
      .meta({ description: 'No visit that was recorded before this will appear later; null while there is none.' }),
    erased: z.array(z.guid()).meta({
      description:
        'Ids of visits that were blanked since the cursor was given, because a person was erased: copies of them must be blanked too. At most `limit` of them, in the order of blanking; `links.next` goes on.',
      examples: [['835b7433-0aaf-457c-88e7-7433b00d1234']],
    }),
  }),
})

/** After a restore of the database, or when a replica was promoted that lacked the last visits. */
export const lostVisitsAnswer = errorSchema(409, lostVisits).extend({
  data: z.object({
    next_cursor: z.string().meta({
      description: 'From where to go on: what comes after it may have been read already, and nothing is passed over.',
      examples: ['eyJhbGciOi'],
    }),
    position: z
      .int()
      .nonnegative()
      .meta({ description: 'Number of the last visit that was kept of what the cursor has seen.', examples: [2020] }),
  }),
})

const file = (description: string) => z.string().meta({ description })

/** An export, by format. Its rows are visits, with the same keys. */
export const exportAnswer = {
  description: 'The file, oldest recorded first.',
  headers: ['Content-Disposition'],
  content: {
    'application/x-ndjson': {
      schema: file('A visit as JSON on each line.').meta({ contentMediaType: 'application/x-ndjson' }),
    },
    'text/csv': { schema: file('RFC 4180, with a first line of names.') },
    'application/vnd.apache.parquet': { schema: file('Apache Parquet.') },
  },
}

/** A stream of visits. */
export const streamAnswer = {
  description: 'Server-sent events, for as long as both sides keep the connection.',
  content: {
    'text/event-stream': {
      schema: z.string().meta({
        description:
          'Each visit is an event `visit` with the visit as JSON in `data` and a cursor in `id`. An event `erasure` has `{"ids":[…]}`: visits that were blanked, because a person was erased. Lines that begin with a colon are signs of life.',
      }),
    },
  },
}
