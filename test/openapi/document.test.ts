import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  parameters?: { name: string; in: string; schema: object }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { $ref?: string; content?: Record<string, Media> }>
  security: Record<string, string[]>[]
}

interface Media {
  schema: object
  example?: unknown
}

interface OpenApiDocument {
  openapi: string
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, { content: Record<string, { examples: Record<string, unknown> }> }>>
}

let site: TestApp
let api: OpenApiDocument
beforeAll(async () => {
  site = await openApp()
  api = (await site.app.inject('/openapi.json')).json()
})
afterAll(() => site.close())

const operations = () =>
  Object.entries(api.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ name: `${verb} ${path}`, path, operation })),
  )

describe('the document', () => {
  it('is OpenAPI 3.1, by the schema of its authors', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    ajv.addFormat('media-range', true)
    // Its place for schemas is open for any dialect: ours is the one that OpenAPI 3.1 starts from.
    const dialect = '"$ref":"https://json-schema.org/draft/2020-12/schema"'
    const text = JSON.stringify(fixture('openapi-3.1-schema.json')).replaceAll('"$dynamicRef":"#meta"', dialect)
    const validate = ajv.compile(JSON.parse(text))
    expect([validate(api), validate.errors]).toEqual([true, null])
    expect(validate({ ...api, components: { schemas: { Wrong: { type: 'text' } } } })).toBe(false)
  })

  it('shows an example of every body and of every answer in JSON, and each is one that its own schemas accept', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv)
    ajv.addSchema({ ...api, $id: 'document' })
    const wrong = operations().flatMap(({ name, operation }) =>
      media(operation).flatMap(({ type, schema, example }) => {
        if (example === undefined) return isShown(type) ? [`${name}: no example`] : []
        const validate = ajv.compile(absolute(schema))
        return validate(example) ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`]
      }),
    )
    expect(wrong).toEqual([])
  })

  it('shows the documented visit', () => {
    const { content } = api.paths['/link/urls/{id}/visits']?.get?.responses[200] ?? {}
    const golden = JSON.stringify(fixture('visits-page.json')).replaceAll('{endpoint}', 'https://api.example.com/')
    expect(JSON.stringify(content?.['application/json']?.example)).toBe(golden)
  })

  it('names each operation once, with a summary and a known tag', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const tags = api.tags.map(({ name }) => name)
    for (const { name, operation } of operations()) {
      expect([name, operation.operationId]).toEqual([name, expect.stringMatching(/^[a-z][A-Za-z]+$/)])
      expect([name, operation.summary]).toEqual([name, expect.stringMatching(/^[A-Z].+[^.]$/)])
      expect([name, tags]).toEqual([name, expect.arrayContaining(operation.tags)])
    }
  })

  it('has a parameter for each variable of a path', () => {
    for (const { name, path, operation } of operations()) {
      const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, variable]) => variable)
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect([name, parameters.map((parameter) => parameter.name)]).toEqual([name, variables])
    }
  })

  it('names filters as they are sent, and the scopes that are checked', () => {
    const { parameters = [], security } = api.paths['/link/urls/{id}/visits']?.get ?? {}
    expect(parameters.find(({ name }) => name === 'filter')).toMatchObject({
      in: 'query',
      style: 'deepObject',
      explode: true,
      schema: { additionalProperties: false, properties: { browser: {}, client_ip: {} } },
    })
    expect(security).toEqual([{ bearer: ['visits:read'] }, { access_token: ['visits:read'] }])
  })

  it('says what becomes of a body that a POST does not need and nobody can read', async () => {
    const url = '/developer/webhooks/01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11/deliveries/replay'
    const headers = { ...site.as(1), 'content-type': 'text/html' }
    const answer = await site.app.inject({ method: 'POST', url, headers, payload: '<p>' })
    expect(answer.json()).toMatchObject({ code: 415, message: 'The content type of the body is not supported.' })
    const { responses = {} } = api.paths['/developer/webhooks/{id}/deliveries/replay']?.post ?? {}
    expect(responses[415]).toEqual({ $ref: '#/components/responses/UnsupportedMediaType' })
  })

  it('has an example of every error', () => {
    for (const { name, operation } of operations()) {
      const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400)
      for (const [status, { $ref = '' }] of errors) {
        const shared = api.components.responses?.[$ref.split('/').at(-1) ?? '']
        const own = operation.responses[status]?.content?.['application/json']
        const examples = Object.values(
          shared?.content['application/json']?.examples ?? { own: { value: own?.example } },
        )
        // Where to go on after visits were lost.
        const data = status === '409' ? { next_cursor: expect.any(String), position: expect.any(Number) } : []
        const error = { status: 'ERROR', code: Number(status), message: expect.any(String), data }
        for (const { value } of examples as { value: unknown }[]) {
          expect([name, value]).toEqual([name, expect.objectContaining(error)])
        }
      }
    }
  })
})

describe('the addresses of the document and its reader', () => {
  it('need no token, answer below /api/v2 too, and 304 to whoever has it', async () => {
    const [plain, prefixed] = [await site.app.inject('/openapi.json'), await site.app.inject('/api/v2/openapi.json')]
    expect([plain.statusCode, plain.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
    expect(prefixed.body).toBe(plain.body)
    const again = await site.app.inject({
      url: '/openapi.json',
      headers: { 'if-none-match': String(plain.headers.etag) },
    })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it('name the public address, and that of short URLs where it is another', async () => {
    const { app } = await testApp({
      env: { PUBLIC_URL: 'https://example.com/smart-link', SHORT_URL: 'https://s.example.com/go' },
    })
    const headers = { host: 'example.com' }
    const document = (await app.inject({ url: '/openapi.json', headers })).json()
    expect(document.servers).toEqual([{ url: 'https://example.com/smart-link' }])
    expect(document.paths['/{token}'].get.servers).toEqual([{ url: 'https://s.example.com/go' }])
    expect(Object.keys(document.paths)).not.toContain('/go/{token}')
    const page = await app.inject({ url: '/docs', headers })
    expect(page.body).toContain('src="/smart-link/docs/static/swagger-ui-bundle.js"')
    for (const url of ['/openapi.json', '/docs', '/docs/json', '/docs/static/swagger-ui.css']) {
      expect([url, (await app.inject({ url, headers: { host: 's.example.com' } })).statusCode]).toEqual([url, 404])
    }
  })

  it('have it as YAML too', async () => {
    const yaml = (await site.app.inject('/docs/yaml')).body
    const ids = [...yaml.matchAll(/^ +operationId: (.+)$/gm)].map(([, id]) => id)
    expect(ids).toEqual(operations().map(({ operation }) => operation.operationId))
  })

  it('load nothing from elsewhere, and are not allowed to', async () => {
    const page = await site.app.inject('/docs')
    expect(page.statusCode).toBe(200)
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)
    expect(loaded.length).toBeGreaterThan(4)
    for (const url of loaded) {
      const { statusCode, headers } = await site.app.inject(new URL(url, 'https://api.example.com/docs').pathname)
      expect([url, url.startsWith('/docs/'), statusCode]).toEqual([url, true, 200])
      expect(headers['content-security-policy']).toBe(page.headers['content-security-policy'])
    }
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(page.body).not.toMatch(/<script>|<style|\son\w+=/)
    expect((await site.app.inject('/docs/json')).json()).toEqual(api)
  })
})

function media({ requestBody, responses }: Operation): (Media & { type: string })[] {
  const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)]
  return contents.flatMap((content) => Object.entries(content ?? {}).map(([type, one]) => ({ type, ...one })))
}

/** Files and pages have none. */
const isShown = (type: string) => type === 'application/json' || type.includes('form')

/** The schema with references into the whole document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'))
}
