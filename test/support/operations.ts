import type { TestApp } from './app.js'

/** A JSON schema, as far as anybody looks. */
export interface Schema {
  [keyword: string]: unknown
  properties?: Record<string, Schema>
  maximum?: number
}

/** An operation of the API's document. */
export interface Operation {
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Such as `/link/urls/{id}`. */
  path: string
  /** Names of path parameters. */
  parameters: string[]
  query: { name: string; schema: Schema }[]
  /** A body that is right; undefined: it takes none. */
  example: Record<string, unknown> | undefined
  body: Schema | undefined
  /** Names of fields of its body. */
  fields: string[]
  needsCaller: boolean
  scope: string | undefined
  /** Its answer goes on for as long as somebody listens. */
  isEndless: boolean
}

interface Described {
  operationId: string
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema & { $ref?: string }; example: Record<string, unknown> }> }
  responses: Record<string, { content?: object }>
  security: Record<string, string[]>[]
}

export interface ApiDocument {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

/** What the API can do, by its own document: what is added to it is tested by itself. */
export async function operationsOf({ app }: Pick<TestApp, 'app'>): Promise<Operation[]> {
  return operationsIn((await app.inject('/openapi.json')).json())
}

export function operationsIn({ paths, components: { schemas } }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, { operationId: id, parameters = [], requestBody, responses, security }]) => {
      const json = requestBody?.content['application/json']
      const schema = schemas[json?.schema.$ref?.split('/').at(-1) ?? ''] ?? json?.schema
      return {
        id,
        path,
        method: verb.toUpperCase() as Operation['method'],
        parameters: parameters.filter((one) => one.in === 'path').map(({ name }) => name),
        query: parameters.filter((one) => one.in === 'query').map(({ name, schema }) => ({ name, schema })),
        example: json?.example,
        body: schema,
        fields: Object.keys(schema?.properties ?? {}),
        needsCaller: security.length > 0,
        scope: security[0]?.bearer?.[0],
        isEndless: 'text/event-stream' in (responses[200]?.content ?? {}),
      }
    }),
  )
}

/** A request as an operation documents it. @param ids of what its path names, in order */
export function requestOf({ method, path, example, isEndless }: Operation, ids: string[]) {
  const left = [...ids]
  return {
    method: isEndless ? ('HEAD' as const) : method,
    url: path.replace(/\{\w+\}/g, () => left.shift() ?? '0'),
    ...(example !== undefined && { payload: example }),
  }
}
