import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../src/accounts/scopes.js'
import { appendVisits } from '../src/visits/append.js'
import { openApp, type TestApp } from './support/app.js'
import { openStream } from './support/event-stream.js'
import { type Operation, operationsOf, requestOf } from './support/operations.js'
import { newVisit, newWebhook, storeLink, storeRecipients } from './support/visits.js'

const masked = scopes.filter((scope) => scope !== 'visits:pii').join(' ')
const whole = scopes.join(' ')

const guess = '447700900123'
/** Three owners who have the same, but for the number of a person: that of the first is guessed right. */
const people = [
  { owner: 4001, mobile: guess },
  { owner: 4002, mobile: '447700900468' },
  { owner: 4003, mobile: '447700900579' },
]
const [right, wrong, seen] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]

let site: TestApp
let operations: Operation[]
const things = new Map<number, { webhook: string; delivery: string; token: string }>()

beforeAll(async () => {
  site = await openApp()
  operations = (await operationsOf(site)).filter(({ needsCaller }) => needsCaller)
  for (const { owner, mobile } of people) await store(owner, mobile)
  await site.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => site.close())

/** Links 7, which leads to the number, and 8, which does not, with the person by number and by message; an erasure; a webhook. */
async function store(owner: number, mobile: string): Promise<void> {
  const webhook = await newWebhook(site.db, owner, 'https://hooks.example.com/{link_id}?m={mobile}')
  await storeLink(site.db, owner, 7, { longUrl: 'https://example.com/?m={mobile}', webhookId: webhook })
  await storeLink(site.db, owner, 8)
  let delivery = ''
  for (const link of [7, 8]) {
    await storeRecipients(
      site.db,
      owner,
      link,
      [mobile, mobile, mobile],
      [1, 2, 3].map((n) => `o${owner}l${link}r${n}`),
    )
    await site.db.pool.query(
      `UPDATE recipients SET message_id = 'm-' || id WHERE user_id = $1 AND link_id = $2 AND id > 1`,
      [owner, link],
    )
    const visits = [1, 2, 3].map((recipientId) => newVisit(link, { recipientId }))
    await appendVisits(site.db, owner, visits, { isLive: true })
    delivery ||= visits[0]?.id ?? ''
  }
  const token = await ask(owner, whole, {
    method: 'POST',
    url: '/developer/tokens',
    payload: { name: 'x', scopes: ['admin'] },
  })
  things.set(owner, { webhook, delivery, token: JSON.parse(token.body).data.id })
}

type Asked = ReturnType<typeof requestOf>

async function ask(owner: number, scope: string, request: Asked) {
  const { statusCode, headers, body } = await site.app.inject({ ...request, headers: site.as(owner, scope) })
  return { status: statusCode, headers, body }
}

/** An answer without what is another's each time: who asks, ids, codes, times, and tags of all this. */
function plain(owner: number, { status, headers, body }: Awaited<ReturnType<typeof ask>>) {
  const { etag, date, 'x-request-id': id, 'content-length': length, ...others } = headers as Record<string, string>
  const text = body
    .replaceAll(String(owner), '<owner>')
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<time>')
    .replace(/"(token|access_token|verification_code|next_cursor|next)":"[^"]*"/g, '"$1":"<code>"')
    .replace(/"short_url":"[^"]*"/g, '"short_url":"<address>"')
    .replace(/"id":<owner>\d+/g, '"id":<owner>')
  return { status, headers: others, text }
}

/** Everything that an operation may be asked with a number. */
function requestsOf(operation: Operation, owner: number): Asked[] {
  const { webhook = '', delivery = '', token = '' } = things.get(owner) ?? {}
  const kinds: [path: string, ids: string[][]][] = [
    ['/link/urls/{id}', [['7'], ['8']]],
    ['/developer/webhooks/{id}', [[webhook, delivery]]],
    ['/developer/tokens/{id}', [[token]]],
  ]
  const ids = kinds.find(([path]) => operation.path.startsWith(path))?.[1] ?? [[]]
  const queries = ['', '?include=settings', `?search=${guess}`, `?sort=mobile`, `?sort=-mobile`].concat(
    [guess, `-${guess}`, `%2B${guess}`, '4477009001**', `447700900${'*'.repeat(3)}`].map(
      (number) => `?filter[mobile]=${number}`,
    ),
    ['csv', 'ndjson'].map((format) => `?format=${format}`),
    ['token,recipient', 'message_id', 'mobile'].map((fields) => `?group_by=${fields}`),
    `?filter[visited]=1&filter[mobile]=${guess}`,
    `?filter[long_url]=https://example.com/?m=${guess}`,
    `?filter[message_id]=m-2&filter[mobile]=${guess}`,
  )
  return ids.flatMap((named) => {
    const request = requestOf(operation, named)
    if (operation.method === 'GET') return queries.map((query) => ({ ...request, url: request.url + query }))
    return bodiesOf(operation).map((payload) => ({ ...request, payload }))
  })
}

function bodiesOf({ id, example = {} }: Operation): NonNullable<Asked['payload']>[] {
  if (id === 'createRecipients') {
    const lists = [
      [{ mobile: guess }],
      [{ mobile: `+${guess}` }, { mobile: '15551234567' }],
      [{ mobile: guess, message_id: 'm-2' }],
      [{ mobile: guess, message_id: 'm-2', sent_at: '2026-01-01 12:00:00' }, { mobile: guess }],
      [{ mobile: guess, message_id: 'm-new' }],
    ]
    return lists.map((recipients) => ({ recipients }))
  }
  if (id === 'eraseRecipient') return [{ mobile: guess }, { mobile: '15551234567' }, { mobile: guess }]
  const withNumber = {
    long_url: `https://example.com/?m=${guess}`,
    slug: undefined,
    name: 'x',
    uri: 'https://hooks.example.com/{mobile}',
  }
  return [
    { ...example, slug: undefined },
    { ...example, ...withNumber },
    { ...example, ...withNumber, long_url: 'https://example.com/{mobile}' },
  ]
}

/** What ends something comes last, in this order. */
const last = ['eraseRecipient', 'listErasures', 'deleteLink', 'deleteWebhook', 'revokeToken']
const ordered = () => [
  ...operations.filter(({ id }) => !last.includes(id)),
  ...last.map((id) => operations.find((operation) => operation.id === id)),
]

it('no operation tells a token without visits:pii a number, nor whether a guess of one is right', async () => {
  const told = new Set<string>()
  for (const operation of ordered()) {
    if (operation === undefined) throw new Error('an operation has another name')
    const [rightly, wrongly, openly] = [right, wrong, seen].map(({ owner }) => requestsOf(operation, owner))
    for (const [nth, request] of (rightly ?? []).entries()) {
      const other = wrongly?.[nth] ?? request
      const [a, b] = [await ask(right.owner, masked, request), await ask(wrong.owner, masked, other)]
      const what = [operation.id, request.url.replace(/^[^?]*/, ''), request.payload]
      expect([what, plain(right.owner, a)]).toEqual([what, plain(wrong.owner, b)])
      // What the request has said itself may come back, such as in addresses of pages.
      const shown = [right.mobile, wrong.mobile].filter((number) => {
        return [a, b].some(({ headers, body }) => `${JSON.stringify(headers)}${body}`.includes(number))
      })
      const isSaid = JSON.stringify(request).includes(guess)
      expect([what, shown.filter((number) => !(isSaid && number === guess))]).toEqual([what, []])
      // Whoever may see numbers is told of the third one, which nobody says.
      const c = await ask(seen.owner, whole, openly?.[nth] ?? request)
      if (c.body.includes(seen.mobile)) told.add(operation.id)
    }
  }
  expect([...told].sort()).toEqual([
    ...['exportVisits', 'followAllVisits', 'followVisits', 'listRecipients', 'listVisits'],
  ])
})

it('no stream tells a token without visits:pii a number', async () => {
  const owner = 4010
  await store(owner, guess)
  const endless = operations.filter(({ isEndless }) => isEndless)
  expect(endless.map(({ id }) => id).sort()).toEqual(['streamAllVisits', 'streamVisits'])
  for (const [scope, shown] of [
    [masked, '447700900***'],
    [whole, guess],
  ] as const) {
    for (const { path } of endless) {
      const stream = await openStream(site, path.replace('{id}', '7'), site.as(owner, scope))
      await appendVisits(site.db, owner, [newVisit(7, { recipientId: 1 })], { isLive: true })
      expect(JSON.parse((await stream.next())?.data ?? '').mobile).toBe(shown)
      stream.close()
    }
  }
})
