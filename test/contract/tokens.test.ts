import { describe } from 'vitest'
import { bodyForms } from '../support/body-forms.js'
import {
  failed,
  forbidden,
  headOf,
  invalid,
  missing,
  ok,
  onePage,
  otherVerb,
  secret,
  shown,
  unchanged,
} from './answers.js'
import { json, raw } from './bodies.js'
import { contract, type Given } from './site.js'

const answers = contract()
const path = '/developer/tokens'
const id = '01a206d4-16b5-7f4f-98b7-970dc78e479a'

const shownToken = (changes: object = {}) => ({
  ...{ id: '<uuid>', name: 'Dashboard', scopes: ['visits:read'], allowed_ips: [], rate_limit: null, expires_at: null },
  ...{ last_used_at: null, revoked_at: null, created_at: '<instant>' },
  ...changes,
})
const created = (changes: object = {}, text = '<opaque>') =>
  secret('Token Created Successfully', { ...shownToken(changes), access_token: text })

/** A token of whoever asks, and one of somebody else. */
const token = (fields: { id?: string; name?: string; revokedAt?: Date } = {}, apart = 0): Given => {
  return async ({ site, id: asking }) => {
    const userId = asking + apart
    await site.db.prisma.owner.upsert({ where: { id: userId }, create: { id: userId }, update: {} })
    const tokenHash = crypto.getRandomValues(new Uint8Array(32))
    const row = { userId, id, name: 'Dashboard', tokenHash, scopes: ['visits:read'], allowedIps: [], ...fields }
    await site.db.prisma.accessToken.create({ data: { ...row, createdAt: new Date('2022-10-11T09:58:42Z') } })
  }
}
const stored = (changes: object = {}) => shownToken({ id, created_at: '2022-10-11T09:58:42.000000Z', ...changes })

describe('a new access token', () => {
  const fields = {
    ...{ name: 'Dashboard', scopes: ['visits:read', 'links:read'], expires_at: '2099-01-31 12:00:00' },
    ...{ allowed_ips: ['10.0.0.7/8', '::ffff:203.0.113.7'], rate_limit: 100 },
  }
  const whole = {
    ...{ scopes: ['visits:read', 'links:read'], allowed_ips: ['10.0.0.0/8', '203.0.113.7'], rate_limit: 100 },
    expires_at: '2099-01-31T12:00:00.000000Z',
  }
  for (const [name, write] of Object.entries(bodyForms)) {
    answers(name, `POST ${path}`, { body: write(fields) }, created(whole))
    answers(`${name}, a JWT`, `POST ${path}`, { body: write({ ...fields, type: 'jwt' }) }, created(whole, '<jwt>'))
    answers(
      `${name}, empty`,
      `POST ${path}`,
      { body: write({ x: 1 }) },
      {
        ...invalid({ name: 'The name field is required.', scopes: 'The scopes field is required.' }),
      },
    )
  }
  answers(
    'lists in words',
    `POST ${path}`,
    {
      body: json({ name: 'Dashboard', scopes: 'visits:read links:read', allowed_ips: '10.0.0.0/8, 203.0.113.7' }),
    },
    created({ ...whole, rate_limit: null, expires_at: null }),
  )
  answers(
    'what nobody may set',
    `POST ${path}`,
    {
      body: json({ name: 'Dashboard', scopes: ['visits:read'], id, user_id: 1, access_token: 'x', token_hash: 'x' }),
    },
    invalid(
      Object.fromEntries(
        ['id', 'user_id', 'access_token', 'token_hash'].map((field) => [
          field,
          'There is no such field of an access token. There are name, scopes, expires_at, allowed_ips, rate_limit and type.',
        ]),
      ),
    ),
  )
  for (const at of [`${path}/`, `/api/v2${path}`, `/api/v2/api/v2${path}`]) {
    answers('here too', `POST ${at}`, { body: json({ name: 'Dashboard', scopes: ['visits:read'] }) }, created())
  }
})

describe('a new access token is refused with', () => {
  const refuses = (given: object, errors: Record<string, string>, as?: string) =>
    answers(
      JSON.stringify(given).slice(0, 60),
      `POST ${path}`,
      {
        body: json({ name: 'Dashboard', scopes: ['visits:read'], ...given }),
        ...(as !== undefined && { as }),
      },
      invalid(errors),
    )
  const scopes =
    'The scopes field must be a list of visits:read, visits:pii, links:read, links:write, recipients:erase, webhooks:read, webhooks:write, audit:read and admin.'
  refuses({ name: 7 }, { name: 'The name field must be a string.' })
  refuses({ name: 'x'.repeat(256) }, { name: 'The name field must not be greater than 255 characters.' })
  refuses({ scopes: [] }, { scopes })
  refuses({ scopes: ' ' }, { scopes: 'The scopes field is required.' })
  refuses({ scopes: ', ' }, { scopes })
  refuses({ scopes: ['all'] }, { scopes })
  refuses(
    { scopes: ['visits:pii'] },
    { scopes: 'The scopes field must not have scopes that the token in use has not.' },
  )
  refuses(
    { scopes: ['visits:pii'] },
    { scopes: 'The scopes field must not have scopes that the token in use has not.' },
    'admin',
  )
  for (const expires_at of ['soon', '2020-01-01']) {
    refuses(
      { expires_at },
      { expires_at: 'The expires at field must be a time to come, such as 2027-01-31T12:00:00Z.' },
    )
  }
  for (const allowed_ips of ['x', ['10.0.0.0/33'], [7], Array(101).fill('10.0.0.0/8')]) {
    refuses(
      { allowed_ips },
      {
        allowed_ips:
          'The allowed ips field must be up to 100 addresses and CIDR ranges, such as 203.0.113.7 and 10.0.0.0/8.',
      },
    )
  }
  refuses({ rate_limit: 0 }, { rate_limit: 'The rate limit field must be an integer of at least 1.' })
  refuses({ rate_limit: 1e20 }, { rate_limit: 'The rate limit field must be an integer of at least 1.' })
  refuses({ rate_limit: 1001 }, { rate_limit: 'The rate limit field must not be greater than 1000.' })
  refuses({ type: 'x' }, { type: 'The type field must be opaque or jwt.' })
  answers('half of JSON', `POST ${path}`, { body: raw('{') }, failed(400, 'The body is not valid JSON.'))
  answers(
    'XML',
    `POST ${path}`,
    { body: raw('<a/>', 'text/xml') },
    {
      ...failed(415, 'The content type of the body is not supported.'),
    },
  )
  answers(
    'a token that may do everything else',
    `POST ${path}`,
    {
      body: json({ name: 'x', scopes: ['visits:read'] }),
      as: 'visits:read links:read links:write webhooks:read webhooks:write',
    },
    forbidden('admin'),
  )
})

describe('the list of access tokens', () => {
  const revoked = '01a206d4-16b5-7f4f-98b7-970dc78e479b'
  const given = [
    token(),
    token({ id: revoked, name: 'Old', revokedAt: new Date('2026-01-31T12:00:00Z') }),
    token({}, 1_000_000),
  ]
  const old = stored({ id: revoked, name: 'Old', revoked_at: '2026-01-31T12:00:00.000000Z' })
  const list = (items: object[], at = path) => shown('OK', items, onePage(at, items.length))
  answers('newest first, nothing secret', `GET ${path}`, { given }, list([old, stored()]))
  answers('none', `GET ${path}`, {}, list([]))
  answers('under another name', `GET /api/v2${path}/`, { given }, list([old, stored()], `/api/v2${path}`))
  answers('its head', `HEAD ${path}`, { given }, headOf(list([])))
  answers('known already', `GET ${path}`, { given, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'a size that is none',
    `GET ${path}?per_page=0`,
    { given },
    {
      ...invalid({ per_page: 'The per page field must be a number between 1 and 100.' }),
    },
  )
})

describe('revoking an access token', () => {
  const given = [token(), token({ id: '01a206d4-16b5-7f4f-98b7-970dc78e479c' }, 1_000_000)]
  const gone = ok('Token Revoked Successfully', [])
  answers('once', `DELETE ${path}/${id}`, { given }, gone)
  answers('twice', `DELETE ${path}/${id}`, { given, after: [`DELETE ${path}/${id}`] }, gone)
  answers('by a form', `POST ${path}/${id}`, { given, body: json({ _method: 'DELETE' }) }, gone)
  answers("somebody else's", `DELETE ${path}/01a206d4-16b5-7f4f-98b7-970dc78e479c`, { given }, missing)
  for (const none of ['01a206d4-16b5-7f4f-98b7-970dc78e479d', '7', "x'--"]) {
    answers('none', `DELETE ${path}/${none}`, { given }, missing)
  }
  answers('not here', `GET ${path}/${id}`, { given }, otherVerb('DELETE, POST'))
  answers(
    'it is listed so from then on',
    `GET ${path}`,
    { given, after: [`DELETE ${path}/${id}`] },
    {
      ...shown('OK', [stored({ revoked_at: '<instant>' })], onePage(path, 1)),
    },
  )
})
