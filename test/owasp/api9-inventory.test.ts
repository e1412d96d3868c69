import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { withToken } from '../support/access-tokens.js'
import { openApp, type TestApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'

let site: TestApp
let operations: Operation[]
const routes: { method: string; url: string; route: RouteOptions }[] = []

/** Told of every route of the app, before anything else is done with it. */
const gather = (message: unknown) => {
  const app = (message as { fastify: FastifyInstance }).fastify
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, route })
  })
}

beforeAll(async () => {
  subscribe('fastify.initialization', gather)
  site = await openApp({ env: { METRICS_TOKEN: measurer } })
  unsubscribe('fastify.initialization', gather)
  operations = await operationsOf(site)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const measurer = 'a-token-of-those-who-measure'
const isDocumented = ({ method, url }: { method: string; url: string }) => {
  const path = url.replace(/:(\w+)(?:\([^)]+\))?/g, '{$1}')
  return operations.some((one) => one.path === path && one.method === (method === 'HEAD' ? 'GET' : method))
}

it('every route that answers is in the document; every other one refuses', async () => {
  expect(routes.length).toBeGreaterThan(500)
  // Pages for people, and those who measure, who have a token of their own, are none of the API.
  const isOther = ({ url }: { url: string }) => /^\/(docs|dashboard|metrics)\b/.test(url)
  const others = routes.filter((one) => !isDocumented(one) && !isOther(one))
  const answering: string[] = []
  for (const { method, url } of others) {
    const path = url.replace(/:(\w+)(?:\([^)]+\))?/g, '1').replace('*', 'anything')
    const { statusCode } = await site.app.inject({
      method: method as 'GET',
      url: path,
      headers: site.as(1, everything),
    })
    if (statusCode !== 405 && statusCode !== 404) answering.push(`${method} ${url} ${statusCode}`)
  }
  expect(answering).toEqual([])
})

it('every operation of the document answers, by its own verb and path, also below /api/v2', async () => {
  for (const operation of operations) {
    const headers = operation.id === 'metrics' ? withToken(measurer) : site.as(1, everything)
    for (const prefix of ['', '/api/v2']) {
      if (prefix !== '' && ['openLink', 'robots'].includes(operation.id)) continue
      const request = requestOf(
        operation,
        operation.parameters.map(() => '1'),
      )
      const answer = await site.app.inject({ ...request, url: prefix + request.url, headers })
      const isThere = answer.statusCode < 300 || answer.body.includes('No results found') || operation.isEndless
      expect([operation.id, prefix, isThere || operation.id === 'openLink']).toEqual([operation.id, prefix, true])
    }
  }
})

it.each([
  ...['/api/v1/link/urls', '/api/v3/link/urls', '/v2/link/urls', '/api/link/urls', '/api/v2/api/v2/api/v2/link/urls'],
  ...[
    '/debug/pprof',
    '/admin/x',
    '/graphql/x',
    '/.env',
    '/.git/config',
    '/server-status/x',
    '/actuator/env',
    '/swagger.json',
  ],
  ...[
    '/link/urls/1/history',
    '/developer/users',
    '/internal/owners',
    '/docs/../package.json',
    '/docs/static/../../../package.json',
  ],
])('there is nothing at %s', async (url) => {
  expect((await site.app.inject({ url, headers: site.as(1, everything) })).statusCode).toBe(404)
})
