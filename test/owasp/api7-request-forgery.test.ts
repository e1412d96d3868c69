import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { type Receiver, startReceiver } from '../support/receiver.js'
import { storeLink } from '../support/visits.js'
import { deliverySites, eventually } from '../webhooks/site.js'

const deliverySite = deliverySites()

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const inside = [
  ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0', '127.0.0.1.', '%31%32%37.0.0.1'],
  ...['10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '169.254.169.254', '168.63.129.16', '0.0.0.0'],
  ...[
    '[::]',
    '[::1]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[2002:7f00:1::]',
    '[64:ff9b::7f00:1]',
  ],
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:169.254.169.254]', '[::127.0.0.1]'],
  ...['localhost', 'LOCALHOST.', 'a.localhost'],
]

it.each(inside)('a webhook is not made, nor turned, to %s', async (host) => {
  const headers = site.as(newOwner())
  const ask = (method: 'POST' | 'PUT', url: string, uri: string) =>
    site.app.inject({ method, url, headers, payload: { name: 'x', uri } })
  const { id } = (await ask('POST', '/developer/webhooks', 'https://hooks.example.com/')).json().data
  for (const scheme of ['http', 'https']) {
    for (const uri of [`${scheme}://${host}/latest/meta-data`, `${scheme}://${host}:8080/{link_id}`]) {
      const errors = { uri: ['The uri field must not lead to a private address.'] }
      expect((await ask('POST', '/developer/webhooks', uri)).json()).toMatchObject({ code: 422, errors })
      expect((await ask('PUT', `/developer/webhooks/${id}`, uri)).json()).toMatchObject({ code: 422, errors })
    }
  }
})

it.each([
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'ftp://example.com/',
  'dict://127.0.0.1:6379/',
  'unix:/run/x.sock',
])('nor to what is no web address: %s', async (uri) => {
  const payload = { name: 'x', uri }
  const headers = site.as(newOwner())
  const answer = await site.app.inject({ method: 'POST', url: '/developer/webhooks', headers, payload })
  expect(answer.json()).toMatchObject({ code: 422 })
})

/** What became of telling a webhook of a visit. */
async function deliver(uri: string, env: Record<string, string>, lookUp?: (name: string) => Promise<string[]>) {
  const site = await deliverySite()
  await site.links((await site.webhook(uri)).id, 20)
  await site.visit(20)
  site.deliver({ env, ...(lookUp && { lookUp }) })
  await eventually(async () => (await site.deliveries())[0]?.attempts).toBeGreaterThan(0)
  const [delivery] = await site.deliveries()
  return { error: delivery?.last_error, status: delivery?.last_status }
}

const notAllowed = { error: 'The address is not allowed.', status: null }
const nobodyWasAsked = (receiver: Receiver) => expect(receiver.received).toEqual([])

it.each(inside.map((host) => `http://${host}`).filter((uri) => URL.canParse(uri)))(
  'nothing is sent to %s, however it came to be stored',
  async (uri) => {
    const receiver = await startReceiver()
    const url = new URL(uri)
    url.port = String(receiver.port)
    const lookUp = async () => ['127.0.0.1']
    expect(await deliver(url.href, { WEBHOOK_ALLOW_PRIVATE: 'off' }, lookUp)).toEqual(notAllowed)
    nobodyWasAsked(receiver)
  },
)

it.each([[['127.0.0.1']], [['::ffff:127.0.0.1']], [['169.254.169.254', '10.0.0.1']], [['fd00::1', '::1']]])(
  'nothing is sent to a name that stands for %j',
  async (addresses) => {
    const receiver = await startReceiver()
    const outcome = await deliver(
      `http://hooks.example:${receiver.port}/`,
      { WEBHOOK_ALLOW_PRIVATE: 'off' },
      async () => addresses,
    )
    expect(outcome).toEqual(notAllowed)
    nobodyWasAsked(receiver)
  },
)

it.each([301, 302, 303, 307, 308])('a redirect (%i) of a receiver leads nowhere', async (status) => {
  const secret = await startReceiver(undefined, { host: '127.0.0.2' })
  const receiver = await startReceiver((response) => response.writeHead(status, { location: secret.url }).end())
  expect(await deliver(receiver.url, { WEBHOOK_ALLOW_PRIVATE: '127.0.0.1' })).toMatchObject({ status })
  expect(receiver.received.length).toBeGreaterThan(0)
  nobodyWasAsked(secret)
})

it('no target of a link, no header and no field of anything else makes the server ask for anything', async () => {
  const receiver = await startReceiver()
  const owner = newOwner()
  await storeLink(site.db, owner, 7, { longUrl: receiver.url })
  const headers = {
    ...site.as(owner),
    referer: receiver.url,
    host: new URL(receiver.url).host,
    'x-forwarded-host': new URL(receiver.url).host,
    'x-original-url': receiver.url,
  }
  const payload = { long_url: `${receiver.url}/{country_code}`, title: receiver.url, rules: [] }
  expect((await site.app.inject({ method: 'POST', url: '/link/urls', headers, payload })).statusCode).toBe(200)
  expect((await site.app.inject({ url: `/link${owner}x7`, headers })).headers.location).toBe(receiver.url)
  expect((await site.app.inject({ url: `/link/urls?filter[long_url]=${receiver.url}`, headers })).statusCode).toBe(200)
  nobodyWasAsked(receiver)
})
