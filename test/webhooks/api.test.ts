import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())
beforeEach(async () => {
  await site.db.pool.query('TRUNCATE webhooks CASCADE')
})

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const ask = (method: Method, url: string, body?: unknown, headers = site.as(26, 'admin visits:pii')) =>
  site.app.inject({ method, url, headers, ...(body !== undefined && { payload: body as object }) })

const uri = 'https://hooks.example.com/visits'

const created = async (body: object = {}) =>
  (await ask('POST', '/developer/webhooks', { name: 'Orders', uri, ...body })).json().data

const stored = async (id: string) => {
  const { rows } = await site.db.pool.query('SELECT secret, verification_code FROM webhooks WHERE id = $1', [id])
  return rows[0]
}

const missing = { status: 'ERROR', code: 404, message: 'No results found', data: [] }

const refusal = (field: string, message: string) => ({
  status: 'ERROR',
  code: 422,
  message,
  data: [],
  errors: { [field]: [message] },
})

describe('creating a webhook', () => {
  it('answers with it, its keys in the documented order, what is secret masked', async () => {
    const answer = await ask('POST', '/developer/webhooks', { name: 'Orders', uri, secret: 's3cret' })
    const [{ id, created_at, updated_at }, ...rest] = [answer.json().data]
    expect([answer.statusCode, rest]).toEqual([200, []])
    expect(answer.body).toBe(
      JSON.stringify({
        status: 'OK',
        code: 200,
        message: 'Webhook Created Successfully',
        data: {
          id,
          name: 'Orders',
          uri,
          secret: '*****',
          verification_code: '*****',
          status: 1,
          created_at,
          updated_at,
        },
      }),
    )
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    for (const time of [created_at, updated_at]) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(await stored(id)).toEqual({ secret: 's3cret', verification_code: expect.stringMatching(/^whsec_.{44}$/) })
  })

  it('needs a name and an address, and nothing else', async () => {
    const answer = await ask('POST', '/developer/webhooks', {})
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toEqual({
      status: 'ERROR',
      code: 422,
      message: 'The name field is required. (and 1 more error)',
      data: [],
      errors: { name: ['The name field is required.'], uri: ['The uri field is required.'] },
    })
    expect(await created()).toMatchObject({ secret: null, status: 1 })
  })

  it.each(Object.entries(bodyForms))('understands %s', async (_, form) => {
    const { headers, payload } = form({ name: 7, uri, status: '0', secret: 123 })
    const all = { ...site.as(26), ...headers }
    const answer = await site.app.inject({ method: 'POST', url: '/api/v2/developer/webhooks/', headers: all, payload })
    const { id, created_at, updated_at } = answer.json().data
    expect(answer.json().data).toEqual({
      ...{ id, name: '7', uri, secret: '*****', verification_code: '*****', status: 0, created_at, updated_at },
    })
    expect((await stored(id)).secret).toBe('123')
  })

  it('takes a token in the form of Standard Webhooks for the verification code, any other text for its key', async () => {
    const token = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    expect((await stored((await created({ token })).id)).verification_code).toBe(token)
    const { verification_code } = await stored((await created({ token: 'our-own' })).id)
    expect(verification_code).toBe(`whsec_${Buffer.from('our-own').toString('base64')}`)
  })

  const notAKey = 'The token field must be whsec_ and a key of 24 to 64 bytes in base64, or a text without whsec_.'
  const wrong: [field: string, body: object, message: string][] = [
    ['name', { name: 'n'.repeat(256) }, 'The name field must not be greater than 255 characters.'],
    ['name', { name: ['x'] }, 'The name field must be a string.'],
    ['name', { name: 'a\u0000b' }, 'The name field must not contain control characters.'],
    ['status', { status: 2 }, 'The status field must be 0 or 1.'],
    ['secret', { secret: 'se\r\ncret' }, 'The secret field must not contain control characters.'],
    ['secret', { secret: 'sécret' }, 'The secret field must have printable ASCII characters only.'],
    ['secret', { secret: '*****' }, 'The secret field must be the secret itself, not *****.'],
    ['token', { token: '*****' }, 'The token field must be the token itself, not *****.'],
    ...['whsec_', 'whsec_AAAA', 'whsec_no base64', `whsec_${'A'.repeat(88)}`].map((token): [string, object, string] => [
      'token',
      { token },
      notAKey,
    ]),
  ]

  it.each(wrong)('names the field %s when it is wrong: %o', async (field, body, message) => {
    const answer = await ask('POST', '/developer/webhooks', { name: 'Orders', uri, ...body })
    expect([answer.statusCode, answer.json()]).toEqual([422, refusal(field, message)])
  })
})

describe('the address of a webhook', () => {
  const invalid = 'The uri field must be a valid URL that begins with http:// or https://.'
  const inside = 'The uri field must not lead to a private address.'
  const credentials = 'The uri field must not contain a user name or a password; there is secret for that.'
  const placeholder = 'The uri field must not have placeholders in its host.'

  it.each([
    'http://hooks.example.com',
    'HTTPS://hooks.example.com:8443/a/{link_id}?m={{mobile}}#end',
    'https://8.8.8.8/x',
    'https://[2606:4700::1111]/x',
    'https://bücher.example/x',
  ])('may be %s', async (given) => {
    expect((await created({ uri: given })).uri).toBe(given)
  })

  it.each([
    ['hooks.example.com', invalid],
    ['//hooks.example.com', invalid],
    ['http:hooks.example.com', invalid],
    ['ftp://hooks.example.com', invalid],
    ['file:///etc/passwd', invalid],
    ['javascript:alert(1)', invalid],
    ['http://', invalid],
    ['http://a b.example', invalid],
    ['http://hooks.example.com:99999', invalid],
    ['http://[::1', invalid],
    [`https://hooks.example.com/${'x'.repeat(2048)}`, 'The uri field must not be greater than 2048 characters.'],
    ['https://hooks.example.com/\u0007', 'The uri field must not contain control characters.'],
    ['https://me:secret@hooks.example.com', credentials],
    ['https://me@hooks.example.com', credentials],
    ['https://{host}/x', placeholder],
    ['https://{country_code}.example.com/x', placeholder],
    ['https://hooks.{{browser}}/x', placeholder],
    ...[
      ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.0.0.1.', '%31%32%37.0.0.1'],
      ...[
        '１２７.０.０.１',
        '0',
        '0.0.0.0',
        '10.1.2.3',
        '172.16.0.1',
        '172.31.255.255',
        '192.168.0.1',
        '169.254.169.254',
      ],
      ...[
        '100.64.0.1',
        '192.0.0.1',
        '192.0.2.1',
        '198.18.0.1',
        '198.51.100.1',
        '203.0.113.1',
        '224.0.0.1',
        '240.0.0.1',
      ],
      ...['255.255.255.255', '168.63.129.16', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::127.0.0.1]', '[fe80::1]'],
      ...['[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:0:127.0.0.1]'],
      ...['[64:ff9b::7f00:1]', '[64:ff9b:1::a00:1]', '[2002:7f00:1::]', '[2001::1]', '[2001:db8::1]', '[fec0::1]'],
      ...['[100::1]', '[4000::1]', 'localhost', 'LOCALHOST', 'localhost.', 'a.localhost'],
    ].map((host) => [`http://${host}/x`, inside]),
  ])('must not be %s', async (given, message) => {
    const answer = await ask('POST', '/developer/webhooks', { name: 'Orders', uri: given })
    expect([answer.statusCode, answer.json()]).toEqual([422, refusal('uri', String(message))])
    const { id } = await created()
    expect((await ask('PUT', `/developer/webhooks/${id}`, { uri: given })).json()).toEqual(
      refusal('uri', String(message)),
    )
  })
})

describe('the list of webhooks', () => {
  it('is paged, newest first, of the caller alone, by a part of the name', async () => {
    const [a, b, c] = [
      await created({ name: 'Or 100%' }),
      await created({ name: 'order' }),
      await created({ name: 'x' }),
    ]
    await ask('POST', '/developer/webhooks', { name: 'order', uri }, site.as(27))
    const list = async (query: string) => (await ask('GET', `/developer/webhooks${query}`)).json()
    expect((await list('')).data).toEqual([c, b, a])
    expect((await list('?filter[name]=OR')).data).toEqual([b, a])
    expect((await list('?filter[name]=%25')).data).toEqual([a])
    const base = 'https://api.example.com/developer/webhooks?per_page=2&page='
    expect(await list('?per_page=2&page=2')).toEqual({
      status: 'OK',
      code: 200,
      message: 'OK',
      data: [a],
      links: { first: `${base}1`, last: `${base}2`, prev: `${base}1`, next: null },
      meta: {
        current_page: 2,
        from: 3,
        last_page: 2,
        links: [
          { url: `${base}1`, label: '« Previous', active: false },
          { url: `${base}1`, label: '1', active: false },
          { url: `${base}2`, label: '2', active: true },
          { url: null, label: 'Next »', active: false },
        ],
        path: 'https://api.example.com/developer/webhooks',
        per_page: 2,
        to: 3,
        total: 3,
      },
    })
  })

  it.each([
    ['?filter[uri]=x', 'filter.uri', 'There is no such filter. There is name.'],
    ['?filter=x', 'filter', 'Filters are written filter[name]. There is name.'],
    ['?filter[name][]=x', 'filter.name', 'The filter name takes a text of up to 255 characters.'],
    ['?per_page=0', 'per_page', 'The per page field must be a number between 1 and 100.'],
  ])('refuses %s', async (query, field, message) => {
    expect((await ask('GET', `/developer/webhooks${query}`)).json()).toEqual(refusal(field, message))
  })
})

describe('a webhook', () => {
  it('is shown, and 304 to whoever has it', async () => {
    const webhook = await created({ secret: 's3cret' })
    const answer = await ask('GET', `/developer/webhooks/${webhook.id.toUpperCase()}`)
    expect(answer.json()).toEqual({ status: 'OK', code: 200, message: 'OK', data: webhook })
    const again = { ...site.as(26), 'if-none-match': String(answer.headers.etag) }
    expect((await ask('GET', `/developer/webhooks/${webhook.id}`, undefined, again)).statusCode).toBe(304)
  })

  it.each(['PUT', 'PATCH', 'POST'] as const)(
    'is edited by %s: what is left out, or given back masked, stays',
    async (method) => {
      const webhook = await created({ secret: 's3cret' })
      const before = await stored(webhook.id)
      const body = { ...webhook, name: 'Other', status: 0, token: '*****' }
      const answer = (await ask(method, `/developer/webhooks/${webhook.id}`, body)).json()
      const { updated_at } = answer.data
      expect(answer).toEqual({
        status: 'OK',
        code: 200,
        message: 'Webhook Updated Successfully',
        data: { ...webhook, name: 'Other', status: 0, updated_at },
      })
      expect(updated_at > webhook.updated_at).toBe(true)
      expect(await stored(webhook.id)).toEqual(before)
      const emptied = (await ask(method, `/developer/webhooks/${webhook.id}`, { secret: null })).json()
      expect(emptied.data).toMatchObject({ name: 'Other', status: 0, secret: null })
    },
  )

  it('is edited by a POST that says so, in the body or a header', async () => {
    const { id } = await created()
    const inBody = await ask('POST', `/developer/webhooks/${id}`, { _method: 'put', name: 'By body' })
    expect(inBody.json().data.name).toBe('By body')
    const headers = { ...site.as(26), 'x-http-method-override': 'DELETE' }
    expect((await ask('POST', `/developer/webhooks/${id}`, {}, headers)).json().message).toBe(
      'Webhook Deleted Successfully',
    )
  })

  it('must keep its name and its address', async () => {
    const { id } = await created()
    const answer = await ask('PUT', `/developer/webhooks/${id}`, { name: null, uri: ' ' })
    expect(answer.json().errors).toEqual({ name: ['The name field is required.'], uri: ['The uri field is required.'] })
  })

  it('is gone when it is deleted', async () => {
    const { id } = await created()
    const answer = await ask('DELETE', `/developer/webhooks/${id}`)
    expect(answer.json()).toEqual({ status: 'OK', code: 200, message: 'Webhook Deleted Successfully', data: [] })
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      expect((await ask(method, `/developer/webhooks/${id}`, method === 'PUT' ? {} : undefined)).json()).toEqual(
        missing,
      )
    }
    expect((await ask('GET', '/developer/webhooks')).json().data).toEqual([])
  })
})

describe('the verification code', () => {
  it('is shown where it is asked for, and made anew', async () => {
    const { id } = await created()
    const { verification_code: code } = await stored(id)
    const shown = await ask('GET', `/developer/webhooks/${id}/verification-code`)
    expect(shown.json()).toEqual({ status: 'OK', code: 200, message: 'OK', data: { verification_code: code } })
    expect(shown.headers['cache-control']).toBe('no-store')
    const renewed = (await ask('POST', `/developer/webhooks/${id}/verification-code`)).json()
    const { verification_code: next } = await stored(id)
    expect(renewed).toEqual({
      status: 'OK',
      code: 200,
      message: 'Verification Code Created Successfully',
      data: { verification_code: next },
    })
    expect(next).not.toBe(code)
  })
})

describe('who may', () => {
  const paths: [Method, string, string][] = [
    ['GET', '', 'webhooks:read'],
    ['POST', '', 'webhooks:write'],
    ['GET', '/:id', 'webhooks:read'],
    ['PUT', '/:id', 'webhooks:write'],
    ['PATCH', '/:id', 'webhooks:write'],
    ['POST', '/:id', 'webhooks:write'],
    ['DELETE', '/:id', 'webhooks:write'],
    ['GET', '/:id/verification-code', 'webhooks:write'],
    ['POST', '/:id/verification-code', 'webhooks:write'],
    ['GET', '/:id/deliveries', 'webhooks:read'],
    ['POST', '/:id/deliveries/replay', 'webhooks:write'],
    ['POST', '/:id/deliveries/:id/replay', 'webhooks:write'],
  ]

  it.each(paths)('%s developer/webhooks%s needs the scope %s', async (method, path, scope) => {
    const { id } = await created()
    const url = `/developer/webhooks${path.replaceAll(':id', id)}`
    const other = scope === 'webhooks:read' ? 'webhooks:write links:read' : 'webhooks:read links:write'
    const forbidden = { status: 'ERROR', code: 403, message: 'User does not have the right permissions.', data: [] }
    expect((await ask(method, url, {}, site.as(26, other))).json()).toEqual(forbidden)
    expect((await ask(method, url, {}, site.as(26, scope))).statusCode).not.toBe(403)
  })

  it.each(paths.filter(([, path]) => path !== ''))(
    "%s developer/webhooks%s answers for another owner's as for a missing one",
    async (method, path) => {
      const { id } = await created()
      for (const named of [id, '01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11', '7', `${id}'--`]) {
        const url = `/developer/webhooks${path.replaceAll(':id', named)}`
        const answer = await ask(method, url, { name: 'Mine', uri }, site.as(27))
        expect([named, answer.statusCode, answer.json()]).toEqual([named, 404, missing])
      }
    },
  )
})
