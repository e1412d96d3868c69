import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { newWebhook } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const whole = 'links:write visits:pii'
const masked = 'admin'
const plain = 'https://example.com/'
const withNumber = 'https://example.com/?m={mobile}'
const elsewhere = 'https://evil.example/?m={mobile}'
const rule = (longUrl: string) => ({ when: { platform: ['iOS'], from: '2026-01-01 12:00:00' }, long_url: longUrl })

/** What holds `{mobile}`, the same leading elsewhere, and the same without it, by field. */
const holders: [field: string, held: unknown, other: unknown, without: unknown][] = [
  ['long_url', withNumber, elsewhere, plain],
  ['long_url', 'https://example.com/{{mobile}}/x', elsewhere, plain],
  ['long_url', 'https://{mobile}.example.com/', elsewhere, plain],
  ['fallback_url', withNumber, elsewhere, null],
  ['rules', [rule(plain), rule(withNumber)], [rule(plain), rule(elsewhere)], [rule(plain)]],
]

const refusal = (field: string) => ({
  status: 'ERROR',
  code: 403,
  message: 'User does not have the right permissions.',
  data: [],
  errors: {
    [field]: [
      `The ${field.replaceAll('_', ' ')} field gives out whole mobile numbers: changing it needs the scope visits:pii.`,
    ],
  },
})

const send = async (owner: number, scope: string, method: 'POST' | 'PUT', url: string, fields: object) => {
  const payload = { long_url: plain, ...fields }
  const answer = await site.app.inject({ method, url, headers: site.as(owner, scope), payload })
  return { status: answer.statusCode, challenge: answer.headers['www-authenticate'], body: answer.json() }
}
const create = (owner: number, scope: string, fields: object) => send(owner, scope, 'POST', '/link/urls', fields)
const edit = (owner: number, scope: string, id: number, fields: object) =>
  send(owner, scope, 'PUT', `/link/urls/${id}?include=settings`, fields)

describe('{mobile} in an address that a link leads to', () => {
  it.each(holders)('is set with visits:pii only, in %s: %j', async (field, held) => {
    const owner = newOwner()
    const refused = await create(owner, masked, { [field]: held })
    expect([refused.status, refused.body]).toEqual([403, refusal(field)])
    expect(refused.challenge).toBe('Bearer realm="smart-link", error="insufficient_scope", scope="visits:pii"')
    expect((await create(owner, whole, { [field]: held })).status).toBe(200)
    const { data } = (await create(owner, masked, {})).body
    expect((await edit(owner, masked, data.id, { [field]: held })).body).toEqual(refusal(field))
    expect((await edit(owner, whole, data.id, { [field]: held })).status).toBe(200)
  })

  it.each(holders)(
    'stays without visits:pii, and the rest can be edited: %s, %j',
    async (field, held, other, without) => {
      const owner = newOwner()
      const { id } = (await create(owner, whole, { [field]: held })).body.data
      const same = await edit(owner, masked, id, { [field]: held, title: 'Other', tags: ['a'] })
      expect([same.status, same.body.data.title]).toEqual([200, 'Other'])
      for (const change of [other, without]) {
        expect((await edit(owner, masked, id, { [field]: change })).body).toEqual(refusal(field))
      }
      // What is not said stays, but for the target, which has to be said.
      const silent = await edit(owner, masked, id, field === 'long_url' ? { long_url: held } : {})
      expect(silent.body.data).toMatchObject({ [field]: same.body.data[field] })
      const shown = await edit(owner, masked, id, { ...same.body.data, title: 'Back' })
      expect([shown.status, shown.body.data.title]).toEqual([200, 'Back'])
      expect((await edit(owner, whole, id, { [field]: without })).status).toBe(200)
    },
  )

  it('is named by each field that has it', async () => {
    const answer = await create(newOwner(), masked, { long_url: withNumber, fallback_url: withNumber })
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([403, ['long_url', 'fallback_url']])
  })

  it('is none where nothing is filled in', async () => {
    const owner = newOwner()
    for (const longUrl of ['https://example.com/{mobiles}', 'https://example.com/?m=%7Bmobile%7D', `${plain}{id}`]) {
      expect([longUrl, (await create(owner, masked, { long_url: longUrl })).status]).toEqual([longUrl, 200])
    }
  })
})

describe('a webhook that is told whole numbers', () => {
  it('is told of another link with visits:pii only', async () => {
    const owner = newOwner()
    const hook = await newWebhook(site.db, owner, 'https://hooks.example.com/')
    for (const name of [hook, hook.toUpperCase()]) {
      expect((await create(owner, masked, { webhook_id: name })).body).toEqual(refusal('webhook_id'))
    }
    const { id } = (await create(owner, masked, {})).body.data
    expect((await edit(owner, masked, id, { webhook_id: hook })).body).toEqual(refusal('webhook_id'))
    expect((await edit(owner, whole, id, { webhook_id: hook })).status).toBe(200)
    expect((await edit(owner, masked, id, { webhook_id: hook, title: 'x' })).status).toBe(200)
    expect((await edit(owner, masked, id, { webhook_id: null })).status).toBe(200)
  })

  it('is no more said of than one that is masked, foreign, deleted or none', async () => {
    const [owner, other] = [newOwner(), newOwner()]
    const foreign = await newWebhook(site.db, other, 'https://hooks.example.com/')
    const [mask, gone] = [
      await newWebhook(site.db, owner, 'https://hooks.example.com/'),
      await newWebhook(site.db, owner, 'https://hooks.example.com/'),
    ]
    await site.db.pool.query('UPDATE webhooks SET whole_numbers = false WHERE user_id = $1 AND id = $2', [owner, mask])
    await site.db.pool.query('UPDATE webhooks SET deleted_at = now() WHERE user_id = $1 AND id = $2', [owner, gone])
    for (const name of [foreign, mask, gone, 'anything', '7']) {
      expect([name, (await create(owner, masked, { webhook_id: name })).status]).toEqual([name, 200])
    }
  })
})
