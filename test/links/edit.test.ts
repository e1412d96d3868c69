import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '../../src/database/transaction.js'
import { ensureLinks } from '../../src/links/placeholders.js'
import { appendVisits } from '../../src/visits/append.js'
import { openApp, type TestApp } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'
import { chromeOnMac, newVisit, storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com' } })
})
afterAll(() => site.close())

const offer = 'https://www.example.com/offer'
const created = new Date('2022-10-11T09:58:42Z')
let lastLink = 100

async function newLink(given: Parameters<typeof storeLink>[3] = {}, owner = 26) {
  const id = ++lastLink
  await storeLink(site.db, owner, id, { createdAt: created, updatedAt: created, ...given })
  const url = `/link/urls/${id}`
  const send = (method: 'PUT' | 'PATCH' | 'POST', fields: unknown, query = '') =>
    site.app.inject({ method, url: url + query, payload: fields as object, headers: site.as(owner) })
  const stored = () => site.db.prisma.link.findUniqueOrThrow({ where: { userId_id: { userId: owner, id } } })
  return { id, url, owner, token: `link${owner}x${id}`, send, edit: send.bind(null, 'PUT'), stored }
}

const open = (token: string) =>
  site.app.inject({ url: `/${token}`, headers: { host: 's.example.com', 'user-agent': chromeOnMac.userAgent ?? '' } })

const refused = (text: string, field: string) => ({
  ...{ status: 'ERROR', code: 422, message: text, data: [], errors: { [field]: [text] } },
})

describe('editing a link', () => {
  it.each(['PUT', 'PATCH', 'POST'] as const)(
    'answers %s with the documented keys in their order, and with the documented types of this answer',
    async (method) => {
      const { id, token, send } = await newLink()
      await appendVisits(site.db, 26, [newVisit(id, { createdAt: new Date('2022-10-27T00:00:00Z') })])
      const answer = await send(method, { long_url: offer, title: 'Autumn', webhook_id: 5, is_advanced: 1, status: 0 })
      expect(answer.statusCode).toBe(200)
      const { updated_at: updatedAt } = answer.json().data
      expect(Math.abs(Date.parse(updatedAt) - Date.now())).toBeLessThan(60_000)
      expect(answer.body).toBe(
        JSON.stringify({
          status: 'OK',
          code: 200,
          message: 'Link Updated Successfully',
          data: {
            id,
            title: 'Autumn',
            short_url: `https://s.example.com/${token}`,
            long_url: offer,
            webhook_id: '5',
            token,
            visits: [],
            last_visited: '2022-10-27 00:00:00',
            is_advanced: '1',
            status: 0,
            created_at: '2022-10-11T09:58:42.000000Z',
            updated_at: updatedAt,
          },
        }),
      )
      const shown = await site.app.inject({ url: `/link/urls/${id}`, headers: site.as(26) })
      expect(shown.json().data).toEqual({ ...answer.json().data, visits: 1, is_advanced: 1 })
    },
  )

  it.each(Object.entries(bodyForms))('understands %s', async (_, form) => {
    const { url, edit } = await newLink()
    const fields = { long_url: `${offer}?a=ü&b={x}`, title: 'Ü & ü', is_advanced: 1, tags: ['a', 'b'] }
    const { headers, payload } = form(fields)
    const answer = await site.app.inject({
      ...{ method: 'PUT', url: `/api/v2/api/v2${url}/?include=settings`, payload },
      headers: { ...headers, ...site.as(26) },
    })
    expect(answer.json().data).toMatchObject({ ...fields, is_advanced: '1' })
    expect((await edit({ long_url: offer })).json().data).toMatchObject({ title: 'Ü & ü', long_url: offer })
  })

  const whole = {
    title: 'Autumn',
    webhook_id: 'w-1',
    is_advanced: 1,
    status: 0,
    expires_at: '2030-01-31T12:00:00.000000Z',
    max_visits: 5,
    fallback_url: 'https://www.example.com/sorry',
    retention_days: 30,
    redirect_status: 307,
    forward_query: 1,
    tags: ['a'],
    rules: [{ when: { country_code: ['IN'] }, long_url: 'https://www.example.com/in' }],
  }

  it('leaves what the body leaves out, and empties what it says is null', async () => {
    const { edit } = await newLink()
    const full = (await edit({ long_url: offer, ...whole }, '?include=settings')).json().data
    expect(full).toMatchObject({ ...whole, is_advanced: '1' })
    const kept = (await edit({ long_url: offer }, '?include=settings')).json().data
    expect({ ...kept, updated_at: '' }).toEqual({ ...full, updated_at: '' })
    const nulls = Object.fromEntries(Object.keys(whole).map((name) => [name, null]))
    const emptied = (await edit({ long_url: offer, ...nulls }, '?include=settings')).json().data
    expect({ ...emptied, updated_at: '' }).toEqual({
      ...full,
      ...{
        updated_at: '',
        title: '',
        webhook_id: null,
        expires_at: null,
        max_visits: null,
        fallback_url: null,
        retention_days: null,
        tags: [],
        rules: [],
      },
    })
  })

  it('needs the target every time, and checks it as for a new link', async () => {
    const { edit, stored } = await newLink()
    for (const fields of [{}, { title: 'x' }, { long_url: null }, { long_url: ' ' }]) {
      expect((await edit(fields)).json()).toEqual(refused('The long url field is required.', 'long_url'))
    }
    const begin = 'The long url field must be a valid URL that begins with http:// or https://.'
    expect((await edit({ long_url: 'javascript:alert(1)' })).json()).toEqual(refused(begin, 'long_url'))
    const own = 'The long url field must not be a short URL of this server.'
    expect((await edit({ long_url: 'https://s.example.com/x' })).json()).toEqual(refused(own, 'long_url'))
    expect(await stored()).toMatchObject({ title: '', updatedAt: created })
  })

  it('raises updated_at and nothing else: what visits show stays as it was', async () => {
    const { id, edit, stored } = await newLink()
    await appendVisits(site.db, 26, [newVisit(id)])
    const before = await stored()
    await edit({ long_url: offer, title: 'New', user_id: 1, id: 1, visits: 0, revision: 5, created_at: '2020-01-01' })
    const after = await stored()
    expect(after).toEqual({ ...before, title: 'New', longUrl: offer, updatedAt: after.updatedAt })
    expect(after.updatedAt.getTime()).toBeGreaterThan(created.getTime())
    await edit({ long_url: offer })
    expect((await stored()).updatedAt.getTime()).toBeGreaterThan(after.updatedAt.getTime())
  })

  it('reaches redirects that have the link in memory', async () => {
    const { token, edit } = await newLink()
    expect((await open(token)).headers.location).toMatch(/^https:\/\/example\.com/)
    await edit({ long_url: offer, redirect_status: 301 })
    await expect.poll(async () => (await open(token)).headers.location).toBe(offer)
    expect((await open(token)).statusCode).toBe(301)
    await edit({ long_url: offer, status: 0 })
    await expect.poll(async () => (await open(token)).statusCode).toBe(404)
  })

  it('gives a target, and life, to a link that an import made up; unless it says otherwise', async () => {
    await inTransaction(site.db, (client) => ensureLinks(client, 26, [90, 91]))
    const edit = (id: number, fields: object) =>
      site.app.inject({ method: 'PUT', url: `/link/urls/${id}`, payload: fields, headers: site.as(26) })
    expect((await edit(90, { long_url: offer })).json().data).toMatchObject({ id: 90, long_url: offer, status: 1 })
    expect((await edit(91, { long_url: offer, status: 0 })).json().data.status).toBe(0)
    expect((await edit(91, { long_url: offer })).json().data.status).toBe(0)
  })

  it('has the time at which it was done, not that at which it began to wait for another', async () => {
    const { edit } = await newLink()
    const client = await site.db.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT FROM owners WHERE id = 26 FOR NO KEY UPDATE')
      const answer = edit({ long_url: offer })
      await expect
        .poll(async () => (await client.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount)
        .toBeGreaterThan(0)
      const { rows } = await client.query(`SELECT to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`)
      await client.query('COMMIT')
      expect((await answer).json().data.updated_at > rows[0].now).toBe(true)
    } finally {
      client.release()
    }
  })

  it('twenty times at once leaves one of the twenty', async () => {
    const { edit, stored } = await newLink()
    const titles = Array.from({ length: 20 }, (_, n) => `title ${n}`)
    const answers = await Promise.all(titles.map((title) => edit({ long_url: `${offer}/${title}`, title })))
    expect(answers.map((answer) => answer.json().data.title)).toEqual(titles)
    const { title, longUrl, updatedAt } = await stored()
    expect(longUrl).toBe(`${offer}/${title}`)
    const latest = answers
      .map((answer) => answer.json().data.updated_at)
      .sort()
      .at(-1)
    expect(latest.slice(0, 23)).toBe(updatedAt.toISOString().slice(0, 23))
  })
})

describe('another slug', () => {
  const taken = refused('The slug has already been taken.', 'slug')

  it('opens the link, and so do those before it', async () => {
    const { token, edit } = await newLink()
    const answer = await edit({ long_url: offer, slug: 'better-name' })
    expect(answer.json().data).toMatchObject({ token: 'better-name', short_url: 'https://s.example.com/better-name' })
    await edit({ long_url: offer, slug: 'best-name' })
    for (const code of [token, 'better-name', 'best-name']) {
      await expect.poll(async () => (await open(code)).headers.location).toBe(offer)
    }
    expect((await edit({ long_url: offer, slug: token })).json().data.token).toBe(token)
    expect((await edit({ long_url: offer, slug: null })).json().data.token).toBe(token)
    expect((await edit({ long_url: offer, slug: token })).statusCode).toBe(200)
  })

  it("may not be another link's, nor that of one of its own recipients", async () => {
    const { id, edit, stored } = await newLink()
    const other = await newLink()
    await other.edit({ long_url: offer, slug: 'was-other' })
    const foreign = await newLink({}, 27)
    await storeRecipients(site.db, 26, id, ['9019955123'], [`R${id}`])
    for (const slug of [other.token, 'was-other', foreign.token, `R${id}`]) {
      expect((await edit({ long_url: `${offer}/no`, slug })).json()).toEqual(taken)
    }
    expect((await stored()).longUrl).not.toBe(`${offer}/no`)
  })

  it('goes to one of those who want it at once', async () => {
    const links = await Promise.all([newLink(), newLink({}, 27), newLink({}, 28)])
    const answers = await Promise.all(links.map(({ edit }) => edit({ long_url: offer, slug: 'wanted' })))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 422, 422])
  })
})

it.each(['PUT', 'PATCH', 'POST', 'DELETE'] as const)(
  "%s on somebody else's link is answered as on a missing one, and does nothing",
  async (method) => {
    const { url, stored } = await newLink()
    const before = await stored()
    const request = (path: string, payload: object) =>
      site.app.inject({ method, url: path, payload, headers: site.as(27) })
    for (const payload of [{ long_url: offer }, { long_url: offer, slug: 'foreign' }]) {
      const foreign = await request(url, payload)
      const missing = await request('/link/urls/999999', payload)
      const strange = await request('/link/urls/x', payload)
      expect(foreign.statusCode).toBe(404)
      expect(foreign.body).toBe('{"status":"ERROR","code":404,"message":"No results found","data":[]}')
      for (const answer of [missing, strange]) {
        expect(answer.body).toBe(foreign.body)
        expect(Object.keys(answer.headers)).toEqual(Object.keys(foreign.headers))
      }
    }
    expect(await stored()).toEqual(before)
    expect(await site.db.prisma.token.count({ where: { token: 'foreign' } })).toBe(0)
  },
)

it.each(['PUT', 'PATCH', 'POST', 'DELETE'] as const)('%s needs the scope links:write', async (method) => {
  const { url } = await newLink()
  const answer = await site.app.inject({ method, url, payload: {}, headers: site.as(26, 'links:read visits:read') })
  expect(answer.statusCode).toBe(403)
  expect(answer.json().message).toBe('User does not have the right permissions.')
})
