import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { newVisit, storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
let british: TestApp
beforeAll(async () => {
  site = await openApp()
  british = await openApp({ databaseUrl: site.url, env: { DEFAULT_COUNTRY: 'gb' } })
})
afterAll(async () => {
  await british.close()
  await site.close()
})

const scope = 'links:write links:read visits:pii visits:read recipients:erase'
let lastOwner = 100

/** An owner with links 1 and 2 of their own. */
async function newOwner() {
  const owner = ++lastOwner
  const links = [owner * 10 + 1, owner * 10 + 2]
  for (const id of links) await storeLink(site.db, owner, id)
  const [first = 0, second = 0] = links
  const post = (mobiles: unknown[], link = first, on = site) =>
    on.app.inject({
      ...{ method: 'POST', url: `/link/urls/${link}/recipients`, headers: on.as(owner, scope) },
      payload: mobiles.map((mobile) => (typeof mobile === 'object' ? mobile : { mobile })) as object,
    })
  const get = async (path: string, on = site, scopes = scope) => {
    const answer = await on.app.inject({ url: path, headers: on.as(owner, scopes) })
    return { http: answer.statusCode, body: answer.body, ...(answer.body.startsWith('{"s') && answer.json()) }
  }
  const erase = (mobile: string, on = site) =>
    on.app.inject({ method: 'POST', url: '/recipients/erase', payload: { mobile }, headers: on.as(owner, scope) })
  return { owner, first, second, post, get, erase }
}

type Answer = { json(): { data: { token: string; mobile: string }[] } }
const tokensOf = (answer: Answer) => answer.json().data.map(({ token }) => token)

const spellings = [
  ...['+447700900801', '447700900801', '00447700900801', '+44 (0)7700 900801', '+44.7700.900801', '44-7700-900801'],
  ...['0044/7700/900801', 'tel:+44-7700-900801', "'+447700900801", '="447700900801"', '\u202a+447700900801\u202c'],
  ...['447700900801.0', '\u200e447700900801\u200f'],
]
const query = (mobile: string) => encodeURIComponent(mobile)

describe('one number in many spellings', () => {
  it('is one recipient in one request, and is shown as it was given first', async () => {
    const { first, post, get } = await newOwner()
    const answer = await post(spellings)
    expect(answer.statusCode).toBe(200)
    expect(new Set(tokensOf(answer)).size).toBe(1)
    expect(new Set(answer.json().data.map(({ mobile }: { mobile: string }) => mobile))).toEqual(
      new Set(['+447700900801']),
    )
    expect((await get(`/link/urls/${first}/recipients`)).meta.total).toBe(1)
  })

  it('is one recipient in many requests at once', async () => {
    const { first, post, get } = await newOwner()
    const answers = await Promise.all(spellings.map((mobile) => post([mobile])))
    expect(new Set(answers.flatMap(tokensOf)).size).toBe(1)
    const again = await Promise.all(spellings.map((mobile) => post([mobile])))
    expect(new Set(again.flatMap(tokensOf))).toEqual(new Set(answers.flatMap(tokensOf)))
    expect((await get(`/link/urls/${first}/recipients`)).meta.total).toBe(1)
  })

  it('names one message, and the second spelling is no other number', async () => {
    const { post } = await newOwner()
    const message = { message_id: 'm-1' }
    const first = await post([{ ...message, mobile: '+447700900801' }])
    const second = await post([{ ...message, mobile: '00447700900801', sent_at: '2026-01-01T12:00:00Z' }])
    expect(second.statusCode).toBe(200)
    expect(second.json().data[0]).toMatchObject({
      token: tokensOf(first)[0],
      mobile: '+447700900801',
      sent_at: '2026-01-01 12:00:00',
    })
    const other = await post([{ ...message, mobile: '00447700900802' }])
    expect(other.json().errors).toEqual({
      'recipients.0.message_id': ['The message_id field names a message to another number.'],
    })
  })

  it('is another recipient for each owner, each link and each national number', async () => {
    const { first, second, post, get } = await newOwner()
    const other = await newOwner()
    const tokens = [
      ...tokensOf(await post(['+447700900801', '07700900801', '9019955123'])),
      ...tokensOf(await post(['447700900801'], second)),
      ...tokensOf(await other.post(['447700900801'])),
    ]
    expect(new Set(tokens).size).toBe(5)
    expect((await get(`/link/urls/${first}/recipients`)).meta.total).toBe(3)
  })

  it('finds visits, their file, their numbers and the recipient', async () => {
    const { owner, first, second, post, get } = await newOwner()
    await post(['+447700900801', '9019955123'])
    await post(['447700900801'], second)
    await appendVisits(
      site.db,
      owner,
      [1, 1, 2].map((recipientId) => newVisit(first, { recipientId })),
    )
    await appendVisits(site.db, owner, [newVisit(second, { recipientId: 1 })])
    for (const mobile of [...spellings, ' 447700900801']) {
      const filter = `filter[mobile]=${query(mobile)}`
      const visits = await get(`/link/urls/${first}/visits?${filter}`)
      expect([mobile, visits.meta?.total]).toEqual([mobile, 2])
      expect(visits.data[0].mobile).toBe('+447700900801')
      const file = await get(`/link/urls/${first}/visits/export?${filter}`)
      expect(file.body.trim().split('\n').length).toBe(2)
      expect((await get(`/link/urls/${first}/visits/stats?${filter}`)).data.totals.visits).toBe(2)
      expect((await get(`/link/visits/stats?${filter}`)).data.totals.visits).toBe(3)
    }
    const without = await get(`/link/urls/${first}/visits?filter[mobile]=-${query('0044 7700 900801')}`)
    expect(without.data.map(({ mobile }: { mobile: string }) => mobile)).toEqual(['9019955123'])
    const both = await get(`/link/urls/${first}/visits?filter[mobile]=9019955123,00447700900801`)
    expect(both.meta.total).toBe(3)
    expect((await get(`/link/urls/${first}/visits?filter[mobile]=447700900802`)).meta.total).toBe(0)
  })

  it('is erased by any of them, on all links', async () => {
    const { owner, first, second, post, get, erase } = await newOwner()
    await post(['+447700900801', '447700900802'])
    await post(['447700900801'], second)
    await appendVisits(site.db, owner, [newVisit(first, { recipientId: 1 }), newVisit(second, { recipientId: 1 })])
    const answer = await erase('\u202a0044 (0)7700 900801\u202c')
    expect(answer.json()).toMatchObject({ code: 200, data: { recipients: 2, visits: 2 } })
    expect((await get(`/link/urls/${first}/recipients`)).data).toMatchObject([
      { id: 2, mobile: '447700900802' },
      { id: 1, mobile: null, token: null },
    ])
    await erase('+447700900801')
    const { data } = await get('/recipients/erasures')
    expect(new Set(data.map((erasure: { mobile_hash: string }) => erasure.mobile_hash)).size).toBe(1)
    const { rows } = await site.db.pool.query(
      'SELECT count(*)::int AS left FROM recipients WHERE user_id = $1 AND token IS NULL AND mobile_key IS NOT NULL',
      [owner],
    )
    expect(rows).toEqual([{ left: 0 }])
  })

  it('that was given out twice before stays so, and is found and erased together', async () => {
    const { owner, first, post, get, erase } = await newOwner()
    await storeRecipients(site.db, owner, first, ['447700900801', '+447700900801', '+4407700900801', '9019955123'])
    await appendVisits(
      site.db,
      owner,
      [1, 2, 3, 4].map((recipientId) => newVisit(first, { recipientId })),
    )
    const filter = `filter[mobile]=${query('0044 7700 900801')}`
    expect((await get(`/link/urls/${first}/visits?${filter}`)).meta.total).toBe(3)
    expect(tokensOf(await post(['tel:+447700900801']))).toEqual([`r${first}x1`])
    expect((await erase('+447700900801')).json().data).toMatchObject({ recipients: 3, visits: 3 })
  })
})

describe('with a default country', () => {
  it('a national number is the person, and shown as it was given', async () => {
    const { owner, first, post, get, erase } = await newOwner()
    const answer = await post(['07700 900801', '+447700900801', '447700900801', '7700900801'], first, british)
    expect(new Set(tokensOf(answer)).size).toBe(1)
    expect(answer.json().data[1].mobile).toBe('07700900801')
    await appendVisits(site.db, owner, [newVisit(first, { recipientId: 1 })])
    for (const mobile of ['07700900801', '+44 7700 900801', '(0)7700-900801']) {
      const found = await get(`/link/urls/${first}/visits?filter[mobile]=${query(mobile)}`, british)
      expect([mobile, found.meta.total]).toEqual([mobile, 1])
    }
    expect((await erase('00447700900801', british)).json().data.recipients).toBe(1)
  })

  it('a national number that was stored before it was set is the person at once', async () => {
    const { owner, first, post, get, erase } = await newOwner()
    const [token] = tokensOf(await post(['07700900801']))
    await appendVisits(site.db, owner, [newVisit(first, { recipientId: 1 })])
    const visits = `/link/urls/${first}/visits?filter[mobile]=${query('+447700900801')}`
    expect((await get(visits)).meta.total).toBe(0)
    expect((await get(visits, british)).meta.total).toBe(1)
    expect(tokensOf(await post(['+447700900801'], first, british))).toEqual([token])
    expect((await erase('+447700900801', british)).json().data).toMatchObject({ recipients: 1, visits: 1 })
  })

  it('a request can be repeated by a server that has none', async () => {
    const { first, post } = await newOwner()
    const [token] = tokensOf(await post(['07700900801'], first, british))
    expect(tokensOf(await post(['07700900801'], first, british))).toEqual([token])
    expect(tokensOf(await post(['+447700900801']))[0]).not.toBe(undefined)
  })
})

describe('what is no number', () => {
  it.each([
    ['447700900802.5', 'must be a phone number, not a decimal number; format the column of the spreadsheet as text'],
    ['4.47701E+11', 'was rounded by a spreadsheet and has lost digits; format the column of the spreadsheet as text'],
    ['tel:+447700900802;ext=7', 'must be a phone number without an extension'],
    ['4477009***', 'must be a phone number of 5 to 20 digits'],
  ])('%s is refused by name, and nothing is stored', async (mobile, reason) => {
    const { first, post, get, erase } = await newOwner()
    const answer = await post(['447700900802', mobile])
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toEqual({ 'recipients.1.mobile': [`The mobile field ${reason}.`] })
    expect((await get(`/link/urls/${first}/recipients`)).meta.total).toBe(0)
    expect((await erase(mobile)).json().errors).toEqual({ mobile: [`The mobile field ${reason}.`] })
  })

  it('is refused as a filter', async () => {
    const { first, get } = await newOwner()
    expect((await get(`/link/urls/${first}/visits?filter[mobile]=4.47701E%2B11`)).http).toBe(422)
  })
})
