import Fastify, { type FastifyInstance } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { validateWithZod } from '../../src/http/validate.js'
import { describeApi } from '../../src/openapi/document.js'
import { jsonSchema } from '../../src/openapi/json-schema.js'

const answer = z.object({ status: z.literal('OK') })
const messages = {}

async function appWith(add: (app: FastifyInstance) => void, publicUrl = 'https://api.example.com') {
  const app = Fastify()
  onTestFinished(() => app.close())
  validateWithZod(app)
  await describeApi(app, { publicUrl, shortUrl: undefined }, messages)
  add(app)
  await app.ready()
  return app
}

const showing =
  (response: z.ZodType, summary = 'Show it') =>
  (app: FastifyInstance) => {
    app.get('/it', { schema: { operationId: 'showIt', summary, response: { 200: response } } }, async () => null)
  }

it('apps of one process with the same routes, schemas and addresses have one document', async () => {
  const [first, second] = [await appWith(showing(answer)), await appWith(showing(answer))]
  expect(first.swagger()).toMatchObject({ paths: { '/it': { get: { operationId: 'showIt' } } } })
  expect(second.swagger()).toBe(first.swagger())
})

it('an app with another schema, another text, another route or another address has a document of its own', async () => {
  const common = (await appWith(showing(answer))).swagger()
  const others = [
    await appWith(showing(z.object({ status: z.literal('OK'), more: z.string() }))),
    await appWith(showing(answer, 'Show that')),
    await appWith((app) => {
      showing(answer)(app)
      app.get('/more', { schema: { operationId: 'showMore', response: { 200: answer } } }, async () => null)
    }),
    await appWith(showing(answer), 'https://other.example.com'),
  ]
  const texts = others.map((app) => JSON.stringify(app.swagger()))
  expect(new Set([JSON.stringify(common), ...texts]).size).toBe(5)
})

it('a schema is converted once for what is sent and once for what is answered', () => {
  const schema = z.object({ page: z.string().transform(Number).pipe(z.number()) })
  const sent = jsonSchema(schema, 'input', {})
  expect(jsonSchema(schema, 'input', {})).toBe(sent)
  expect([sent, jsonSchema(schema, 'output', {})]).toMatchObject([
    { properties: { page: { type: 'string' } } },
    { properties: { page: { type: 'number' } } },
  ])
})

it('a schema that was converted before still names its components, and two with one id are refused', () => {
  const part = (type: z.ZodType) => z.object({ part: z.object({ type }).meta({ id: 'Part' }) })
  const [first, second] = [part(z.string()), part(z.number())]
  const definition = { type: 'object', properties: { type: { type: 'string' } } }
  for (const components of [{}, {}]) {
    expect(jsonSchema(first, 'output', components)).toMatchObject({
      properties: { part: { $ref: '#/components/schemas/Part' } },
    })
    expect(components).toMatchObject({ Part: definition })
    expect(() => jsonSchema(second, 'output', components)).toThrow('Two schemas of the document have the id Part.')
  }
})
