import swagger, { formatParamUrl, type SwaggerTransformObject } from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { Config } from '../config.js'
import { answerHeaders, errorResponses } from './errors.js'
import type { Components, JsonSchema } from './json-schema.js'
import { type Messages, messageOperations } from './messages.js'
import { oncePerContent } from './once.js'
import { type OperationPlace, operationOf } from './operation.js'

/** Groups of operations, in the order in which they are shown. */
const tags = [
  { name: 'Links', description: 'Short links of the account.' },
  { name: 'Visits', description: 'Every opening of a link, page by page, as a feed or as a file.' },
  { name: 'Recipients', description: 'The people a link is sent to, each with a short URL of their own.' },
  { name: 'Account', description: 'Who the caller is.' },
  { name: 'Access tokens', description: 'What callers prove themselves with.' },
  { name: 'Webhooks', description: 'Where visits are sent as they happen.' },
  { name: 'Audit', description: 'Who has read personal data.' },
  { name: 'Short URLs', description: 'What people open.' },
  { name: 'Health', description: 'For load balancers and monitors.' },
]

const description = `Smart Link records every opening of a short link, with the recipient it was sent to.

Every answer is an envelope: \`status\`, \`code\` (the HTTP status), \`message\`, \`data\`. Every address also answers below
\`/api/v2\`, as in the hosted service, with a trailing slash too.`

/**
 * Collects the routes that are added from now on; `app.swagger()` is the OpenAPI 3.1 document of those with an
 * `operationId`.
 *
 * Nothing is described twice: parameters and bodies come from the zod schemas that check them, answers from `schema.response`,
 * which the test suite holds every answer to, errors and scopes from what a route needs.
 *
 * It is made when somebody asks for it, and once for all apps of a process that would have the same one.
 *
 * @param messages what this server posts to webhooks
 */
export async function describeApi(app: FastifyInstance, config: Addresses, messages: Messages): Promise<void> {
  const { publicUrl, shortUrl } = config
  const operations = new Map<string, Operation>()
  await app.register(swagger, {
    openapi: { openapi: '3.1.1', info, tags, servers: [{ url: publicUrl ?? '/' }] },
    stripBasePath: false,
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => {
      const path = formatParamUrl(url)
      const id = schema?.hide ? undefined : schema?.operationId
      const first = operations.get(id ?? '')
      // Of an operation with several addresses, the first is shown; other verbs of it have a name of their own.
      if (id === undefined || (first !== undefined && first.path !== path)) return { schema: { hide: true }, url }
      const name = first === undefined ? id : `${id}By${capitalized(String(route.method).toLowerCase())}`
      operations.set(name, { id: name, isAlias: first !== undefined, path, route })
      return { schema: {}, url }
    },
    transformObject: (object) => {
      const found = [...operations.values()]
      // The next form of the document, YAML, begins anew.
      operations.clear()
      const content = { addresses: [publicUrl, shortUrl], operations: found.map(contentOf), messages }
      return oncePerContent(content, () => completed(object, found, config, messages))
    },
  })
}

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

type Operation = Omit<OperationPlace, 'server'> & { route: RouteOptions }

function contentOf({ route: { url, method, schema, config }, ...place }: Operation) {
  return { ...place, url, method, schema, config }
}

type Addresses = Pick<Config, 'publicUrl' | 'shortUrl'>

const info = { title: 'Smart Link', version: '2', description, license: { name: 'MIT', identifier: 'MIT' } }

function completed(
  object: Parameters<SwaggerTransformObject>[0],
  operations: Operation[],
  { publicUrl = 'https://api.example.com', shortUrl }: Addresses,
  messages: Messages,
): JsonSchema {
  const schemas: Components = {}
  const paths: Record<string, JsonSchema> = {}
  for (const { route, ...place } of operations) {
    const verb = String(route.method).toLowerCase()
    const servers = route.config?.opensLinks && shortUrl !== undefined ? { servers: [{ url: shortUrl }] } : {}
    const operation = operationOf(route, { ...place, server: publicUrl }, schemas)
    paths[place.path] = { ...paths[place.path], [verb]: { ...operation, ...servers } }
  }
  const responses = errorResponses(schemas)
  const frame = 'openapiObject' in object ? object.openapiObject : {}
  const webhooks = messageOperations(messages, schemas)
  return { ...frame, paths, webhooks, components: { schemas, responses, headers: answerHeaders, securitySchemes } }
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An access token in the header `Authorization`.' },
  access_token: {
    type: 'apiKey',
    in: 'query',
    name: 'access_token',
    description: 'For clients that cannot send headers.',
  },
}
