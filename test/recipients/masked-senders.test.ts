import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newToken, withToken } from '../support/access-tokens.js'
import { bearer, openApp, type TestApp } from '../support/app.js'
import { newOwner } from '../support/owners.js'
import { storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const whole = 'links:write links:read visits:pii'
const masked = 'links:write links:read'
const withNumber = 'https://example.com/?m={mobile}'

interface Shown {
  id: number
  token: string | null
  short_url: string | null
  message_id: string | null
  mobile: string
}
type Headers = Record<string, string>

/** A new owner's link. */
async function newLink(longUrl = 'https://example.com/') {
  const owner = newOwner()
  const link = owner * 10
  await storeLink(site.db, owner, link, { longUrl })
  const url = `/link/urls/${link}/recipients`
  const as = (scope: string) => site.as(owner, scope)
  const post = async (payload: object[], headers: Headers = as(masked)) => {
    const answer = await site.app.inject({ method: 'POST', url, payload, headers })
    expect([answer.statusCode, answer.json().errors]).toEqual([200, undefined])
    return answer.json().data as Shown[]
  }
  const list = async (headers: Headers = as(masked)) => (await site.app.inject({ url, headers })).json().data as Shown[]
  const stored = async () =>
    (await site.db.pool.query('SELECT * FROM recipients WHERE user_id = $1 ORDER BY id', [owner])).rows
  return { owner, link, as, post, list, stored }
}

const right = '447700900123'
const guesses = [right, '447700900124', '15551234567', '+447700900123', '00447700900129']

describe('without visits:pii', () => {
  it('a known message_id is answered alike whatever number comes with it, and stays as it is', async () => {
    const { as, post, stored } = await newLink()
    const [known] = await post([{ mobile: right, message_id: 'm-1' }], as(whole))
    const before = await stored()
    for (const mobile of guesses) {
      expect(await post([{ mobile, message_id: 'm-1' }])).toEqual([{ ...known, mobile: '447700900***' }])
    }
    expect(await stored()).toEqual(before)
  })

  it('a known message_id is answered alike also to who has brought it', async () => {
    const { post } = await newLink()
    const [known] = await post([{ mobile: right, message_id: 'm-1' }])
    for (const mobile of guesses) expect(await post([{ mobile, message_id: 'm-1' }])).toEqual([known])
  })

  it('a number without a message is a new recipient, whether somebody else has brought it or nobody', async () => {
    const { as, post } = await newLink()
    await post([{ mobile: right }, { mobile: '447700900199' }], as(whole))
    const answers = await post([{ mobile: right }, { mobile: '447700900124' }])
    expect(answers.map(({ id, mobile }) => [id, mobile])).toEqual([
      [3, '447700900***'],
      [4, '447700900***'],
    ])
  })

  it.each([
    ['a mask with its end', '90*****123', '9012345123', '90********'],
    ['a mask as answers have it', '9019955***', '9019955127', '9019955***'],
  ])('%s, known of a message, is completed only by what can be seen of it', async (_, stored, guess, shown) => {
    const { owner, as, post, list } = await newLink()
    await post([{ mobile: right, message_id: 'm-1' }], as(whole))
    await site.db.pool.query('UPDATE recipients SET mobile = $2 WHERE user_id = $1', [owner, stored])
    expect(await post([{ mobile: '15551234567', message_id: 'm-1' }])).toMatchObject([{ mobile: shown }])
    expect(await post([{ mobile: guess, message_id: 'm-1' }])).toMatchObject([{ mobile: shown }])
    const isCompleted = stored === shown
    expect((await list(as(whole)))[0]?.mobile).toBe(isCompleted ? guess : stored)
  })

  it('a number that was not known of a message is taken over, once', async () => {
    const { owner, as, post, list } = await newLink()
    await post([{ mobile: right, message_id: 'm-1' }], as(whole))
    await site.db.pool.query('UPDATE recipients SET mobile = NULL, mobile_key = NULL WHERE user_id = $1', [owner])
    for (const mobile of ['447700900111', '447700900222']) await post([{ mobile, message_id: 'm-1' }])
    expect(await list(as(whole))).toMatchObject([{ mobile: '447700900111' }])
  })

  it('the time of sending is taken over', async () => {
    const { as, post } = await newLink()
    await post([{ mobile: right, message_id: 'm-1' }], as(whole))
    const sent = { message_id: 'm-1', sent_at: '2026-01-01 12:00:00' }
    expect(await post([{ mobile: '15551234567', ...sent }])).toMatchObject([{ id: 1, sent_at: sent.sent_at }])
  })

  it('two numbers for one new message of a request are named', async () => {
    const { link, as } = await newLink()
    const payload = [
      { mobile: right, message_id: 'm-1' },
      { mobile: '447700900124', message_id: 'm-1' },
    ]
    const url = `/link/urls/${link}/recipients`
    const answer = await site.app.inject({ method: 'POST', url, payload, headers: as(masked) })
    expect([answer.statusCode, answer.json().errors]).toEqual([
      422,
      { 'recipients.1.message_id': ['The message_id field names a message to another number.'] },
    ])
  })
})

describe('a sender without visits:pii who repeats a request', () => {
  const spellings = [{ mobile: right }, { mobile: '+44 7700 900123' }]

  it.each(['opaque', 'jwt'])('gets the same recipients as before, with the same token: %s', async (type) => {
    const { owner, post, list } = await newLink()
    const scopes = ['links:write', 'links:read']
    const [one, other] = [await newToken(site, owner, { scopes, type }), await newToken(site, owner, { scopes, type })]
    const first = await post(spellings, withToken(one.access_token))
    expect(new Set(first.map(({ id }) => id)).size).toBe(1)
    expect(await post(spellings, withToken(one.access_token))).toEqual(first)
    expect((await post(spellings, withToken(other.access_token)))[0]?.id).toBe(2)
    expect(await list()).toHaveLength(2)
  })

  it('gets the same ones with a JWT that was signed elsewhere, and anew, for the same client', async () => {
    const { owner, post } = await newLink()
    const signed = (claims: object) => bearer({ sub: String(owner), scope: masked, ...claims })
    const first = await post(spellings, signed({ client_id: 'crm', iat: 1_700_000_000, jti: 'a' }))
    const [again] = await post(spellings, signed({ client_id: 'crm', iat: 1_700_000_100, exp: 9e9, jti: 'b' }))
    expect(again).toEqual(first[0])
    const [other] = await post(spellings, signed({ client_id: 'guesser', iat: 1_700_000_000, jti: 'a' }))
    expect(other?.id).toBe(2)
  })

  it('gets the same ones where numbers have no keys yet', async () => {
    const { owner, post } = await newLink()
    const first = await post(spellings)
    await site.db.pool.query(`UPDATE owners SET mobile_rule = '' WHERE id = $1`, [owner])
    await site.db.pool.query('UPDATE recipients SET mobile_key = NULL WHERE user_id = $1', [owner])
    expect(await post(spellings)).toEqual(first)
    expect((await post(spellings, site.as(owner, `${masked} visits:read`)))[0]?.id).toBe(2)
  })

  it('is found by who may see numbers: the same person is no second recipient', async () => {
    const { as, post } = await newLink()
    const [first] = await post(spellings)
    expect(await post([{ mobile: right }], as(whole))).toEqual([{ ...first, mobile: right }])
  })
})

describe('tokens that open to a number', () => {
  it.each([
    ['the target', { longUrl: withNumber }],
    ['another placeholder of it', { longUrl: 'https://example.com/{{mobile}}' }],
    ['a rule', { rules: [{ when: { platform: ['iOS'] }, long_url: withNumber }] }],
    ['the fallback', { fallbackUrl: withNumber }],
  ])('are shown without visits:pii to nobody but who gave the number: %s', async (_, fields) => {
    const { owner, link, as, post, list } = await newLink()
    await site.db.prisma.link.update({ where: { userId_id: { userId: owner, id: link } }, data: fields })
    const [seen] = await post([{ mobile: right, message_id: 'm-1' }], as(whole))
    expect(seen?.token).toMatch(/^\w{6}$/)
    const hidden = { id: 1, token: null, short_url: null, message_id: 'm-1', mobile: '447700900***' }
    expect(await post([{ mobile: '447700900999', message_id: 'm-1' }])).toMatchObject([hidden])
    const [own] = await post([{ mobile: '447700900124' }])
    expect(own?.short_url).toBe(`https://api.example.com/${own?.token}`)
    expect(await list()).toMatchObject([{ id: 2, token: own?.token }, hidden])
    expect(await list(as('links:read'))).toMatchObject([{ id: 2, token: null, short_url: null }, hidden])
    expect(await list(as(whole))).toMatchObject([own, seen].map((one) => ({ token: one?.token })))
  })

  it('are shown where the link leads to no number', async () => {
    const { owner, link, list } = await newLink('https://example.com/{id}?m=%7Bmobile%7D')
    await storeRecipients(site.db, owner, link, [right], [`o${owner}r1`])
    expect(await list()).toMatchObject([{ token: `o${owner}r1`, short_url: `https://api.example.com/o${owner}r1` }])
  })
})
