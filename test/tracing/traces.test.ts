import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { bearer, testSecret } from '../support/app.js'
import { type Collector, startCollector } from '../support/collector.js'
import { testDatabase } from '../support/database.js'
import { startReceiver } from '../support/receiver.js'
import { startServerProcess } from '../support/server-process.js'
import { storeLink, storeRecipients } from '../support/visits.js'

const mobile = '919019955123'
const webhookId = '5a9d3fb8-3c0e-4e4e-9d44-27c7e3b7a001'
const human = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36' }

/** A server that sends traces, with link 21 of owner 26, which tells a webhook, and a recipient of it. */
async function tracedSite(collector: Collector, env: Record<string, string> = {}) {
  const { db, url } = await testDatabase()
  const receiver = await startReceiver()
  await storeLink(db, 26, 21, { webhookId })
  await storeRecipients(db, 26, 21, [mobile], ['JFlCjw'])
  await db.pool.query(
    `INSERT INTO webhooks (user_id, id, name, uri, status, verification_code) VALUES (26, $1, 'one', $2, 1, 'whsec_YWJj')`,
    [webhookId, `${receiver.url}/secret-path?m={mobile}`],
  )
  const server = startServerProcess({
    ...{
      DATABASE_URL: url,
      JWT_SECRET: testSecret,
      WEBHOOK_ALLOW_PRIVATE: 'on',
      OTEL_SERVICE_NAME: 'links-of-the-test',
    },
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=of-the-collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    ...env,
  })
  return { db, server, receiver, address: await server.address() }
}

it('tells the whole story of requests, statements, commits and posts, and what is left at the end', async () => {
  const collector = await startCollector()
  const { db, server, receiver, address } = await tracedSite(collector)
  const answer = await fetch(`${address}/link/urls/21/visits?per_page=5`, { headers: bearer({ sub: '26' }) })
  expect(answer.status).toBe(200)
  const opened = await fetch(`${address}/JFlCjw?x=1`, { headers: human, redirect: 'manual' })
  expect(opened.status).toBe(302)
  await expect.poll(() => receiver.received.length).toBe(1)
  await expect.poll(async () => (await db.prisma.webhookLane.count()) === 0).toBe(true)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)

  expect(collector.receiver.received[0]).toMatchObject({
    method: 'POST',
    url: '/v1/traces',
    headers: { 'content-type': 'application/json', 'x-key': 'of-the-collector' },
  })
  expect(collector.resource()).toMatchObject({
    'service.name': 'links-of-the-test',
    'deployment.environment.name': 'test',
  })
  const spans = collector.spans()
  const named = (name: string) => spans.filter((span) => span.name === name)
  const [page] = named('GET /link/urls/:id/visits')
  expect(page).toMatchObject({
    kind: 2,
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/link/urls/:id/visits',
      'http.response.status_code': 200,
      'smart_link.request.id': answer.headers.get('x-request-id'),
    },
  })
  const statements = spans.filter(({ parentSpanId }) => parentSpanId === page?.spanId)
  expect(statements.length).toBeGreaterThan(0)
  for (const { kind, traceId, attributes } of statements) {
    expect([kind, traceId]).toEqual([3, page?.traceId])
    expect(attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.query.text': expect.stringMatching(/^\w+/) })
  }
  const click = spans.find(({ attributes }) => attributes['http.response.status_code'] === 302)
  expect(click?.attributes['smart_link.request.id']).toBe(opened.headers.get('x-request-id'))
  const [commit] = named('commit visits')
  expect(commit?.attributes).toEqual({ 'smart_link.commit.way': 'the database', 'smart_link.commit.visits': 1 })
  expect(commit?.links).toMatchObject([{ traceId: click?.traceId, spanId: click?.spanId }])
  const committed = spans.filter(({ parentSpanId }) => parentSpanId === commit?.spanId).map(({ name }) => name)
  expect(committed).toEqual(['BEGIN', expect.stringMatching(/^SELECT/), expect.stringMatching(/^WITH/), 'COMMIT'])
  const [post] = named('POST webhook')
  expect(post).toMatchObject({
    kind: 3,
    attributes: { 'server.address': '127.0.0.1', 'server.port': receiver.port, 'http.response.status_code': 204 },
  })
})

it('holds no token, phone number, query string, header or address, also of what fails', async () => {
  const collector = await startCollector()
  const { db, server, receiver, address } = await tracedSite(collector)
  const { authorization } = bearer({ sub: '26', scope: 'visits:read visits:pii links:write links:read' })
  const token = authorization.slice('Bearer '.length)
  const paths = [
    `/link/urls/21/visits?access_token=${token}&filter[mobile]=${mobile}`,
    `/link/urls/21/visits/export?format=csv&access_token=${token}&filter[mobile]=${mobile}`,
    `/secret-path/${mobile}?access_token=${token}`,
    `/JFlCjw?secret-parameter=${mobile}`,
    `/link/urls?access_token=${token}&search=${mobile}`,
  ]
  const headers = { ...human, cookie: 'secret-cookie', referer: 'https://secret-referer.example/' }
  for (const path of paths) await (await fetch(address + path, { headers, redirect: 'manual' })).text()
  await expect.poll(() => receiver.received.length).toBe(1)
  await db.pool.query('ALTER TABLE links RENAME COLUMN title TO gone')
  const failed = await fetch(`${address}/link/urls/21?access_token=${token}`)
  expect(failed.status).toBe(500)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)

  const sent = collector.receiver.received.map(({ body }) => body).join('')
  for (const secret of [token, 'eyJ', mobile, '9019955', 'secret-', 'JFlCjw', 'access_token', 'Mozilla', 'whsec_']) {
    expect(sent).not.toContain(secret)
  }
  const broken = collector.spans().find(({ attributes }) => attributes['http.response.status_code'] === 500)
  expect(broken).toMatchObject({ name: 'GET /link/urls/:id', status: { code: 2 }, attributes: { 'error.type': /./ } })
})

it('answers and ends as ever while the collector is away, and says so once', async () => {
  const collector = await startCollector()
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as { port: number }
  await new Promise((resolve) => free.close(resolve))
  const { server, address } = await tracedSite(collector, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
  for (let n = 0; n < 3; n += 1) expect((await fetch(`${address}/health`)).status).toBe(200)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect(server.output().match(/traces cannot be sent/g)).toHaveLength(1)
})

/** Says at the end which packages of OpenTelemetry the process had loaded. */
const sayLoaded = `data:text/javascript,${encodeURIComponent(`
import Module from 'node:module'
process.on('exit', () => {
  const names = Object.keys(Module._cache).flatMap((file) => /@opentelemetry.([a-z-]+)/.exec(file)?.[1] ?? [])
  process.stderr.write('loaded: ' + [...new Set(names)].sort().join(' ') + ';')
})`)}`

it.each([
  ['nothing but the interface, which prom-client brings, without an endpoint', false, /loaded: (api)?;/],
  ['the SDK with one', true, /loaded: .*sdk-trace.*;/],
])('loads %s', async (_, isTraced, loaded) => {
  const collector = await startCollector()
  const off: Record<string, string> = isTraced ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: '' }
  const { server } = await tracedSite(collector, { ...off, NODE_OPTIONS: `--import ${sayLoaded}` })
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect(server.output()).toMatch(loaded)
})
