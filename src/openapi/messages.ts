import type { z } from 'zod'
import { exampleOf } from './examples.js'
import { type Components, type JsonSchema, jsonSchema } from './json-schema.js'

/** What this server posts to others, by name. */
export type Messages = Record<string, { summary: string; description: string; tags: string[]; body: z.ZodType }>

/** `webhooks` of the document: requests that are made to whoever asked for them, signed as Standard Webhooks says. */
export function messageOperations(messages: Messages, components: Components): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(messages).map(([name, { body, ...about }]) => {
      const schema = jsonSchema(body, 'output', components)
      const content = { 'application/json': { schema, example: exampleOf(schema, components) } }
      const responses = { '2XX': { description: 'It has arrived. Any other answer, or none, and it is sent again.' } }
      return [
        name,
        { post: { ...about, parameters, requestBody: { required: true, content }, responses, security: [] } },
      ]
    }),
  )
}

const header = (name: string, required: boolean, description: string) => {
  return { name, in: 'header', required, description, schema: { type: 'string' } }
}

const parameters = [
  header('webhook-id', true, 'Names the message: one that comes again has the same.'),
  header('webhook-timestamp', true, 'When it was sent, in Unix seconds.'),
  header(
    'webhook-signature',
    true,
    'Standard Webhooks: `v1,` and the HMAC-SHA256 of id, timestamp and body, as base64.',
  ),
  header('authorization', false, '`Bearer` and the secret of the webhook, where it has one.'),
]
