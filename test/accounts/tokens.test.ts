import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { askForToken, newToken, type ShownToken, withToken } from '../support/access-tokens.js'
import { openApp, type TestApp, testApp, testSecret } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'
import { hmac, keyPairs, keyToken, pem, rawToken } from '../support/tokens.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { TRUST_PROXY: '192.0.2.1' } })
})
afterAll(() => site.close())

const everything = (ownerId: number) => site.as(ownerId, 'admin visits:pii')
const me = (text: string, from: object = {}) => site.app.inject({ url: '/auth/me', headers: withToken(text), ...from })
const list = async (ownerId: number, query = '?per_page=100') =>
  (await site.app.inject({ url: `/developer/tokens${query}`, headers: everything(ownerId) })).json()
const revoke = (ownerId: number, id: string) =>
  site.app.inject({ method: 'DELETE', url: `/developer/tokens/${id}`, headers: everything(ownerId) })

const refused = (message = 'Unauthenticated.') => ({ status: 'ERROR', code: 401, message, data: [] })
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/

describe('a new token', () => {
  it('is 40 letters and digits, shown whole in the answer that creates it', async () => {
    const answer = await askForToken(site, everything(1), {
      name: 'Dashboard',
      scopes: ['visits:read', 'visits:pii'],
      expires_at: '2040-01-31T12:00:00+01:00',
      allowed_ips: ['203.0.113.7', '10.1.2.3/8'],
      rate_limit: 100,
    })
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store'])
    const { data, ...envelope } = answer.json()
    expect(envelope).toEqual({ status: 'OK', code: 200, message: 'Token Created Successfully' })
    expect(data).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-/),
      name: 'Dashboard',
      scopes: ['visits:read', 'visits:pii'],
      allowed_ips: ['203.0.113.7', '10.0.0.0/8'],
      rate_limit: 100,
      expires_at: '2040-01-31T11:00:00.000000Z',
      last_used_at: null,
      revoked_at: null,
      created_at: expect.stringMatching(instant),
      access_token: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    })
  })

  it.each(['opaque', 'jwt'])('is never shown again, and nothing that is stored proves anything: %s', async (type) => {
    const { access_token: text, id } = await newToken(site, 1, { type })
    const tables = ['access_tokens', 'owners', 'server_keys']
    const rows = await Promise.all(tables.map((table) => site.db.pool.query(`SELECT t::text AS row FROM ${table} t`)))
    const stored = rows.flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n')
    expect(stored).not.toContain(text)
    const hash = createHash('sha256').update(text).digest()
    expect(stored).toContain(`\\x${hash.toString('hex')}`)
    const shown = JSON.stringify([await list(1), (await me(text)).json(), (await revoke(1, id)).json()])
    for (const secret of [text, ...['hex', 'base64', 'base64url'].map((form) => hash.toString(form as 'hex'))]) {
      expect(shown).not.toContain(secret)
    }
    for (const form of ['hex', 'base64'] as const) expect((await me(hash.toString(form))).statusCode).toBe(401)
  })

  it.each(['opaque', 'jwt'])('works as bearer and as a parameter, with its scopes and no others: %s', async (type) => {
    const { access_token: text, ...token } = await newToken(site, 1, {
      type,
      scopes: 'links:read visits:read',
      name: 'Reader',
    })
    expect(text.split('.')).toHaveLength(type === 'jwt' ? 3 : 1)
    const { id, name, scopes, allowed_ips, rate_limit, expires_at, created_at } = token
    const caller = {
      id: 1,
      name: null,
      created_at: expect.stringMatching(instant),
      token: { id, name, scopes, allowed_ips, rate_limit, expires_at, created_at },
    }
    const whole = { status: 'OK', code: 200, message: 'OK', data: caller }
    expect((await me(text)).json()).toEqual(whole)
    expect((await site.app.inject(`/auth/me?access_token=${text}`)).json()).toEqual(whole)
    const status = async (url: string, method: 'GET' | 'POST' = 'GET') =>
      (await site.app.inject({ method, url, headers: withToken(text), payload: method === 'GET' ? '' : {} })).statusCode
    expect(await status('/link/urls')).toBe(200)
    expect(await status('/link/visits/feed')).toBe(200)
    expect(await status('/link/urls', 'POST')).toBe(403)
    expect(await status('/developer/webhooks')).toBe(403)
    expect(await status('/developer/tokens')).toBe(403)
    expect(await status('/developer/tokens', 'POST')).toBe(403)
  })

  it.each(Object.entries(bodyForms))('can be asked for in %s', async (_, write) => {
    const { payload, headers } = write({ name: ' Name ', scopes: 'links:read,links:write', rate_limit: '7' })
    const answer = await site.app.inject({
      method: 'POST',
      url: '/api/v2/developer/tokens/',
      headers: { ...everything(1), ...headers },
      payload,
    })
    expect(answer.json().data).toMatchObject({ name: 'Name', scopes: ['links:read', 'links:write'], rate_limit: 7 })
  })

  const notScopes =
    'The scopes field must be a list of visits:read, visits:pii, links:read, links:write, recipients:erase, webhooks:read, webhooks:write, audit:read and admin.'
  const notRanges =
    'The allowed ips field must be up to 100 addresses and CIDR ranges, such as 203.0.113.7 and 10.0.0.0/8.'
  const notATime = 'The expires at field must be a time to come, such as 2027-01-31T12:00:00Z.'
  const notALimit = 'The rate limit field must be an integer of at least 1.'

  it.each<[string, unknown, string]>([
    ['name', undefined, 'The name field is required.'],
    ['name', null, 'The name field is required.'],
    ['name', '  ', 'The name field is required.'],
    ['name', 7, 'The name field must be a string.'],
    ['name', ['a'], 'The name field must be a string.'],
    ['name', 'x'.repeat(256), 'The name field must not be greater than 255 characters.'],
    ['name', 'a\0b', 'The name field must not contain NUL characters.'],
    ['scopes', undefined, 'The scopes field is required.'],
    ['scopes', '', 'The scopes field is required.'],
    ['scopes', [], notScopes],
    ['scopes', ['visits:read', 'everything'], notScopes],
    ['scopes', 'ADMIN', notScopes],
    ['scopes', [['admin']], notScopes],
    ['scopes', { 0: 'admin' }, notScopes],
    ['expires_at', '2020-01-01T00:00:00Z', notATime],
    ['expires_at', 'tomorrow', notATime],
    ['expires_at', '2040-02-30', notATime],
    ['expires_at', 2_000_000_000, notATime],
    ['allowed_ips', '10.0.0.0/33', notRanges],
    ['allowed_ips', ['10.0.0.1', '10.0.0'], notRanges],
    ['allowed_ips', ['010.0.0.1'], notRanges],
    ['allowed_ips', ['fe80::1%eth0'], notRanges],
    ['allowed_ips', ['localhost'], notRanges],
    ['allowed_ips', Array(101).fill('10.0.0.1'), notRanges],
    ['allowed_ips', 10, notRanges],
    ['rate_limit', 0, notALimit],
    ['rate_limit', -1, notALimit],
    ['rate_limit', 1.5, notALimit],
    ['rate_limit', '1e3', notALimit],
    ['rate_limit', 1e9, notALimit],
    ['type', 'paseto', 'The type field must be opaque or jwt.'],
  ])('is refused with the field that is wrong: %s %j', async (field, value, message) => {
    const answer = await askForToken(site, everything(1), { name: 'x', scopes: ['admin'], [field]: value })
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toEqual({ [field]: [message] })
  })

  it('is opaque where JWTs are signed elsewhere', async () => {
    const { publicKey } = keyPairs.ES256
    const away = await testApp({
      jwtKeys: {
        kind: 'public-key',
        key: pem(publicKey),
        algorithm: 'ES256',
        issuer: undefined,
        audience: undefined,
      },
    })
    const headers = withToken(keyToken('ES256', { sub: '1' }))
    const fields = { name: 'x', scopes: ['links:read'] }
    const answer = await askForToken(away, headers, { ...fields, type: 'jwt' })
    expect(answer.json().errors).toEqual({ type: ['The type field must be opaque: JWTs are signed elsewhere.'] })
    const opaque = await askForToken(away, headers, fields)
    expect(
      (await away.app.inject({ url: '/link/urls', headers: withToken(opaque.json().data.access_token) })).statusCode,
    ).toBe(200)
  })
})

describe('what is no token of ours', () => {
  it('is refused: other texts of the same form, cut, longer, in other letters', async () => {
    const { access_token: text } = await newToken(site, 1)
    const swapped = text.replace(/[a-zA-Z]/, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))
    for (const wrong of ['a'.repeat(40), text.slice(1), `${text}a`, swapped, `${text.slice(0, 39)}-`, `%${text}`]) {
      expect((await me(wrong)).json()).toEqual(refused())
    }
    expect((await me(text)).statusCode).toBe(200)
  })

  it('is a JWT of ours with a right signature for another owner: its row is looked for there', async () => {
    const { id } = await newToken(site, 1, { type: 'jwt', scopes: ['links:read'], allowed_ips: '10.0.0.0/8' })
    const jwt = (claims: object) => rawToken({ alg: 'HS256', typ: 'JWT' }, claims, hmac(testSecret))
    expect((await me(jwt({ sub: '1', jti: id }))).statusCode).toBe(401)
    // With another owner's number the id is nobody's, and the signature counts alone.
    expect((await me(jwt({ sub: '2', jti: id }))).json().data).toMatchObject({ id: 2, token: { id: null } })
  })
})

describe('an end', () => {
  it.each([
    ['opaque', 'UTC', '2040-01-31 11:00:00'],
    ['jwt', 'UTC', '2040-01-31 11:00:00'],
    ['opaque', 'Asia/Kolkata', '2040-01-31 16:30:00'],
  ])('counts at every request, and is told: %s, %s', async (type, zone, text) => {
    const other = await testApp({ env: { TZ_OUTPUT: zone } })
    const expires_at = '2040-01-31T11:00:00Z'
    const { access_token } = await newToken(other, 1, { type, expires_at })
    const ask = () => other.app.inject({ url: '/auth/me', headers: withToken(access_token) })
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.setSystemTime(Date.parse(expires_at))
    expect((await ask()).statusCode).toBe(200)
    vi.setSystemTime(Date.parse(expires_at) + 1)
    expect((await ask()).json()).toEqual(refused(`Token was expired at ${text}`))
  })

  it('without a zone is in the zone of the server', async () => {
    const other = await testApp({ env: { TZ_OUTPUT: 'Asia/Kolkata' } })
    const { expires_at } = await newToken(other, 1, { expires_at: '2040-01-31 16:30:00' })
    expect(expires_at).toBe('2040-01-31T11:00:00.000000Z')
  })
})

describe('allowed addresses', () => {
  const from = (text: string, remoteAddress: string) => me(text, { remoteAddress })

  it.each([
    ['203.0.113.7', ['203.0.113.7', '::ffff:203.0.113.7'], ['203.0.113.8', '::1', '2001:db8::7']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255']],
    ['2001:db8::/32', ['2001:db8::1', '2001:db8:ffff::1'], ['2001:db9::1', '10.0.0.1']],
    ['::ffff:192.168.1.0/120', ['192.168.1.77'], ['192.168.2.1']],
    ['10.0.0.1, 2001:db8::1', ['10.0.0.1', '2001:db8::1'], ['10.0.0.2', '2001:db8::2']],
    ['0.0.0.0/0', ['1.2.3.4', '::ffff:1.2.3.4'], ['2001:db8::1']],
  ])('%s are those and no others', async (allowed_ips, inside, outside) => {
    const { access_token: text } = await newToken(site, 1, { allowed_ips })
    for (const address of inside) expect([address, (await from(text, address)).statusCode]).toEqual([address, 200])
    for (const address of outside) {
      const answer = await from(text, address)
      expect(answer.json()).toEqual(refused(`Token is not allowed from this ip:${address}`))
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="smart-link", error="invalid_token"')
    }
  })

  it('say the address as it was compared', async () => {
    const { access_token: text } = await newToken(site, 1, { allowed_ips: '10.0.0.1' })
    expect((await from(text, '::ffff:10.0.0.2')).json()).toEqual(refused('Token is not allowed from this ip:10.0.0.2'))
  })

  it('are those of the client where a trusted proxy says them, and not where anybody else does', async () => {
    const { access_token: text } = await newToken(site, 1, { allowed_ips: '198.51.100.7' })
    const by = (remoteAddress: string) =>
      me(text, { remoteAddress, headers: { ...withToken(text), 'x-forwarded-for': '198.51.100.7' } })
    expect((await by('192.0.2.1')).statusCode).toBe(200)
    expect((await by('192.0.2.2')).json()).toEqual(refused('Token is not allowed from this ip:192.0.2.2'))
  })

  it('count for a JWT too, by its row', async () => {
    const { access_token: text } = await newToken(site, 1, { type: 'jwt', allowed_ips: ['10.0.0.1'] })
    expect((await from(text, '10.0.0.1')).statusCode).toBe(200)
    expect((await from(text, '10.0.0.2')).statusCode).toBe(401)
  })
})

describe('the list', () => {
  it('is paged, newest first, with revoked and expired ones, of the caller alone, 304 to whoever has it', async () => {
    const made: ShownToken[] = []
    for (const name of ['first', 'second', 'third']) made.push(await newToken(site, 31, { name }))
    await newToken(site, 32, { name: 'not mine' })
    await revoke(31, made[1]?.id ?? '')
    await site.db.pool.query('UPDATE access_tokens SET expires_at = $2 WHERE id = $1', [made[0]?.id, new Date(0)])
    const { data, links, meta, ...envelope } = await list(31, '?per_page=2')
    expect(envelope).toEqual({ status: 'OK', code: 200, message: 'OK' })
    expect([links.next, meta.total]).toEqual(['https://api.example.com/developer/tokens?per_page=2&page=2', 3])
    const { access_token: _, ...third } = made[2] as ShownToken
    const { access_token: __, ...second } = made[1] as ShownToken
    expect(data).toEqual([third, { ...second, revoked_at: expect.stringMatching(instant) }])
    const rest = await list(31, '?per_page=2&page=2')
    expect(rest.data).toMatchObject([{ name: 'first', expires_at: '1970-01-01T00:00:00.000000Z' }])

    const ask = (headers: object) =>
      site.app.inject({ url: '/developer/tokens', headers: { ...everything(31), ...headers } })
    const { headers } = await ask({})
    expect((await ask({ 'if-none-match': String(headers.etag) })).statusCode).toBe(304)
    await newToken(site, 31)
    expect((await ask({ 'if-none-match': String(headers.etag) })).statusCode).toBe(200)
  })

  it('says when a token was last used, and keeps that', async () => {
    const { access_token: text } = await newToken(site, 33)
    const usedAt = async () => (await list(33)).data[0].last_used_at
    expect(await usedAt()).toBe(null)
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.setSystemTime('2040-01-01T00:00:00.123Z')
    await me(text)
    expect(await usedAt()).toBe('2040-01-01T00:00:00.123000Z')
    // Refused where it may not be: that is no use.
    vi.setSystemTime('2040-01-01T00:00:01Z')
    await me(`${text}x`)
    expect(await usedAt()).toBe('2040-01-01T00:00:00.123000Z')
    const { rows } = await site.db.pool.query('SELECT last_used_at FROM access_tokens WHERE user_id = 33')
    expect(rows).toEqual([{ last_used_at: new Date('2040-01-01T00:00:00.123Z') }])
  })

  it('is empty for an owner that nobody has created, who may create one all the same', async () => {
    expect((await list(34)).data).toEqual([])
    expect((await site.app.inject({ url: '/auth/me', headers: site.as(34) })).json().data).toEqual({
      id: 34,
      name: null,
      created_at: null,
      token: {
        id: null,
        name: null,
        scopes: ['admin'],
        allowed_ips: [],
        rate_limit: null,
        expires_at: null,
        created_at: null,
      },
    })
    await newToken(site, 34)
    expect((await list(34)).data).toHaveLength(1)
  })
})

describe('a revocation', () => {
  it.each(['opaque', 'jwt'])('holds from its answer on, for good, and again changes nothing: %s', async (type) => {
    const { access_token: text, id } = await newToken(site, 41, { type })
    expect((await me(text)).statusCode).toBe(200)
    expect((await revoke(41, id)).json()).toEqual({
      status: 'OK',
      code: 200,
      message: 'Token Revoked Successfully',
      data: [],
    })
    expect((await me(text)).json()).toEqual(refused())
    const [{ revoked_at }] = (await list(41)).data
    expect((await revoke(41, id.toUpperCase())).statusCode).toBe(200)
    expect((await list(41)).data[0].revoked_at).toBe(revoked_at)
  })

  it('of the token in use is answered, and then it is gone', async () => {
    const { access_token: text, id } = await newToken(site, 42)
    const request = { method: 'DELETE', url: `/developer/tokens/${id}`, headers: withToken(text) } as const
    expect((await site.app.inject(request)).statusCode).toBe(200)
    expect((await site.app.inject(request)).statusCode).toBe(401)
  })

  it("of another's token, of none and of what is no id are one and the same 404", async () => {
    const { access_token: text, id } = await newToken(site, 43)
    const missing = await revoke(44, '01a206d4-16b5-7f4f-98b7-970dc78e479a')
    expect(missing.json()).toEqual({ status: 'ERROR', code: 404, message: 'No results found', data: [] })
    for (const wrong of [id, '1', 'x', text, `${id}%00`, '*']) {
      const { statusCode, body } = await revoke(44, wrong)
      expect([statusCode, body]).toEqual([404, missing.body])
    }
    expect((await me(text)).statusCode).toBe(200)
  })
})
