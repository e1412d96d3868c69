import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommand } from '../../src/cli/token-create.js'
import { askForToken, withToken } from '../support/access-tokens.js'
import { bearer, openApp, type TestApp } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const fields = { name: 'Partner', scopes: ['visits:read'] }
const unknown =
  'There is no such field of an access token. There are name, scopes, expires_at, allowed_ips, rate_limit and type.'
const elsewhere = 'The fields of an access token must be in the body of the request.'

const tokensOf = async (ownerId: number) =>
  (await site.db.pool.query('SELECT FROM access_tokens WHERE user_id = $1', [ownerId])).rowCount

describe('a new access token with an unknown field', () => {
  it.each<[string, object]>([
    ['link_ids', { link_ids: [21] }],
    ['link_ids', { link_ids: null }],
    ['link_ids', { link_ids: [] }],
    ['allowedIps', { allowedIps: ['10.0.0.1'] }],
    ['allowed_ip', { allowed_ip: '10.0.0.1' }],
    ['ip_whitelist', { ip_whitelist: { v4: ['10.0.0.1'] } }],
    ['expires_in', { expires_in: 3600 }],
    ['expiresAt', { expiresAt: '2099-01-01' }],
    ['abilities', { abilities: ['visits:read'] }],
    ['restrictions', { restrictions: { link_ids: [21], hours: { from: '08:00' } } }],
    ['constructor', { constructor: 1 }],
    ['toString', { toString: 1 }],
  ])('is refused with its name: %s in %j', async (name, more) => {
    const answer = await askForToken(site, site.as(2), { ...fields, ...more })
    expect([answer.statusCode, answer.json().errors]).toEqual([422, { [name]: [unknown] }])
    expect(await tokensOf(2)).toBe(0)
  })

  it.each(Object.entries(bodyForms))('is refused in %s', async (_, write) => {
    const { payload, headers } = write({ ...fields, link_ids: ['21', '22'], rate: '5' })
    const answer = await site.app.inject({
      ...{ method: 'POST', url: '/api/v2/developer/tokens', payload },
      headers: { ...site.as(2), ...headers },
    })
    expect([answer.statusCode, answer.json().errors]).toEqual([422, { link_ids: [unknown], rate: [unknown] }])
  })

  it.each(['link_ids[]=21', 'allowed_ips=10.0.0.1', 'name=x&scopes=visits:read'])(
    'is refused in the query, where no field is read: %s',
    async (query) => {
      const answer = await site.app.inject({
        ...{ method: 'POST', url: `/developer/tokens?${query}`, headers: site.as(2), payload: fields },
      })
      const names = [...new URLSearchParams(query).keys()].map((name) => name.replace('[]', ''))
      expect(answer.statusCode).toBe(422)
      expect(answer.json().errors).toEqual(Object.fromEntries(names.map((name) => [name, [elsewhere]])))
    },
  )

  it('is refused inside of a list of addresses or scopes', async () => {
    const refused = async (more: object) => {
      const answer = await askForToken(site, site.as(2), { ...fields, ...more })
      return [answer.statusCode, Object.keys(answer.json().errors)]
    }
    expect(await refused({ allowed_ips: [{ cidr: '10.0.0.0/8', until: '2099-01-01' }] })).toEqual([
      422,
      ['allowed_ips'],
    ])
    expect(await refused({ allowed_ips: { 0: '10.0.0.1', note: 'x' } })).toEqual([422, ['allowed_ips']])
    expect(await refused({ scopes: [{ name: 'visits:read', link_ids: [1] }] })).toEqual([422, ['scopes']])
    expect(await refused({ scopes: ['visits:read:21'] })).toEqual([422, ['scopes']])
  })

  it('names twenty of many', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, nth) => [`field${nth}`, nth]))
    const answer = await askForToken(site, site.as(2), { ...fields, ...many })
    expect(Object.keys(answer.json().errors)).toHaveLength(20)
  })

  it('is made when all that is more is how the request is sent: _method, and the token in the query', async () => {
    const token = site.as(3).authorization.slice('Bearer '.length)
    const answer = await site.app.inject({
      ...{ method: 'POST', url: `/developer/tokens?access_token=${token}&_method=POST` },
      payload: { ...fields, _method: 'POST' },
    })
    expect(answer.statusCode).toBe(200)
    expect(await tokensOf(3)).toBe(1)
  })
})

describe('a JWT', () => {
  it.each([{ link_ids: [21] }, { allowed_ips: ['10.0.0.1'] }, { rate_limit: 5 }, { expires_at: '2099-01-01' }])(
    'with a limit that is not enforced is refused: %j',
    async (claims) => {
      const answer = await site.app.inject({ url: '/auth/me', headers: bearer({ sub: '4', ...claims }) })
      const message = `Token has the claim ${Object.keys(claims)[0]}, which this server does not enforce`
      expect(answer.json()).toEqual({ status: 'ERROR', code: 401, message, data: [] })
    },
  )

  it('may have claims of whoever signed it', async () => {
    const claims = { sub: '4', azp: 'app', email: 'a@example.com', roles: ['x'], link_ids: null, jti: 'x' }
    expect((await site.app.inject({ url: '/auth/me', headers: bearer(claims) })).statusCode).toBe(200)
  })

  it('of this server has none of them', async () => {
    const answer = await askForToken(site, site.as(5), { ...fields, type: 'jwt', allowed_ips: ['127.0.0.1'] })
    const text = answer.json().data.access_token
    expect((await site.app.inject({ url: '/auth/me', headers: withToken(text) })).statusCode).toBe(200)
  })
})

it.each([
  [['--link-ids', '21'], "unknown option '--link-ids'"],
  [['--allowed-ip', '10.0.0.1'], "unknown option '--allowed-ip'"],
  [['10.0.0.1'], 'too many arguments'],
  [['--name', 'Caf\ufffd'], 'give it in UTF-8.'],
])('the command refuses %j before it opens a database', async (args, text) => {
  const said: string[] = []
  const command = createCommand({ process, console })
    .exitOverride()
    .configureOutput({ writeErr: (line) => said.push(line) })
  await expect(command.parseAsync(['--user', '26', ...args], { from: 'user' })).rejects.toThrow(text)
  expect(said.join('')).toContain(text)
})
