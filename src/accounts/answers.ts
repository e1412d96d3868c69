/** What answers about callers and their tokens look like. The examples together are a token. */
import { z } from 'zod'
import { emptySchema, okSchema, pageSchema } from '../http/envelope.js'
import { instantWith } from '../http/time.js'

const instant = (example: string | null, description: string) =>
  instantWith(6, '2026-01-31T12:00:00.000000Z')
    .nullable()
    .meta({ description, examples: [example] })

const common = {
  scopes: z.array(z.string()).meta({ description: '`admin` where nothing else is said.', examples: [['visits:read']] }),
  allowed_ips: z.array(z.string()).meta({
    description: 'Addresses and CIDR ranges that it may be used from; empty: all.',
    examples: [['10.0.0.0/8']],
  }),
  rate_limit: z
    .int()
    .positive()
    .nullable()
    .meta({ description: 'Requests a minute; null: as the account.', examples: [null] }),
  expires_at: instant('2027-01-31T12:00:00.000000Z', 'null: never.'),
}

const id = z.guid().meta({ examples: ['01a206d4-16b5-7f4f-98b7-970dc78e479a'] })
const name = z.string().meta({ examples: ['Dashboard'] })
const createdAt = instant('2026-01-31T12:00:00.000000Z', 'When it was created.')

const tokenSchema = z
  .object({
    id,
    name,
    ...common,
    last_used_at: instant('2026-02-01T08:30:12.000000Z', 'Other servers tell within a minute; null: never.'),
    revoked_at: instant(null, 'Since when it is not accepted any more.'),
    created_at: createdAt,
  })
  .meta({ id: 'AccessToken', description: 'What a caller proves itself with, without what proves it.' })

const createdTokenSchema = tokenSchema
  .extend({
    access_token: z.string().meta({
      description: 'The token itself, shown this once.',
      examples: ['pS3hQ0vZ8kLw2mXc7RtYb1NfGdJ5aUe9oVi4TqHx'],
    }),
  })
  .meta({ id: 'CreatedAccessToken', description: 'A token that was just created.' })

const callerSchema = z
  .object({
    id: z
      .int()
      .positive()
      .meta({ description: 'Of the account.', examples: [26] }),
    name: z
      .string()
      .nullable()
      .meta({ examples: ['Example Ltd'] }),
    created_at: instant('2026-01-31T12:00:00.000000Z', 'null: nothing is stored of the account yet.'),
    token: z
      .object({
        id: id.nullable().meta({ description: 'null: it was signed elsewhere, and is not stored here.' }),
        name: name.nullable(),
        ...common,
        created_at: createdAt,
      })
      .meta({ description: 'The token in use.' }),
  })
  .meta({ id: 'Caller', description: 'Who makes the request.' })

export const tokensAnswer = pageSchema('OK', tokenSchema)
export const tokenCreatedAnswer = okSchema('Token Created Successfully', createdTokenSchema)
export const tokenRevokedAnswer = emptySchema('Token Revoked Successfully')
export const callerAnswer = okSchema('OK', callerSchema)
