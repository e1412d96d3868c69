import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { bodyForms } from '../support/body-forms.js'
import { chromeOnMac, storeLink, storeRecipients } from '../support/visits.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp({ env: { SHORT_URL: 'https://s.example.com', TZ_OUTPUT: 'Asia/Kolkata' } })
})
afterAll(() => site.close())

const offer = 'https://www.example.com/offer'
let lastOwner = 1000

/** For an owner that nobody has met. */
function newOwner() {
  const owner = ++lastOwner
  const headers = site.as(owner, 'admin visits:pii')
  const create = (fields: unknown, url = '/link/urls') =>
    site.app.inject({ method: 'POST', url, payload: fields as object, headers })
  const stored = (id: number) => site.db.prisma.link.findUniqueOrThrow({ where: { userId_id: { userId: owner, id } } })
  return { owner, create, stored, headers }
}

const open = (token: string) =>
  site.app.inject({ url: `/${token}`, headers: { host: 's.example.com', 'user-agent': chromeOnMac.userAgent ?? '' } })

const refused = (message: string, errors: Record<string, string[]>) => ({
  ...{ status: 'ERROR', code: 422, message, data: [], errors },
})

describe('creating a link', () => {
  it('answers it with the documented keys in their order, and with the documented types of this answer', async () => {
    const { owner, create } = newOwner()
    const answer = await create({ long_url: offer, title: 'Autumn', webhook_id: 'w-1', is_advanced: 1 })
    expect(answer.statusCode).toBe(200)
    const { token, created_at: createdAt } = answer.json().data
    expect(token).toMatch(/^[0-9A-Za-z]{6}$/)
    expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(60_000)
    expect(answer.body).toBe(
      JSON.stringify({
        status: 'OK',
        code: 200,
        message: 'Link Created Successfully',
        data: {
          id: owner * 1000 + 1,
          title: 'Autumn',
          short_url: `https://s.example.com/${token}`,
          long_url: offer,
          webhook_id: 'w-1',
          token,
          visits: [],
          last_visited: null,
          is_advanced: '1',
          status: 1,
          created_at: createdAt,
          updated_at: createdAt,
        },
      }),
    )
  })

  it('needs no more than a target', async () => {
    const { data } = (await newOwner().create({ long_url: offer })).json()
    expect(data).toMatchObject({ title: '', webhook_id: null, is_advanced: '0', status: 1, visits: [] })
  })

  it('gives a link that is shown, listed and opened at once', async () => {
    const { create, headers } = newOwner()
    const { data } = (await create({ long_url: offer })).json()
    const shown = (await site.app.inject({ url: `/link/urls/${data.id}`, headers })).json().data
    expect(shown).toEqual({ ...data, visits: 0, is_advanced: 0 })
    expect((await site.app.inject({ url: '/link/urls', headers })).json().data).toEqual([shown])
    const answer = await open(data.token)
    expect([answer.statusCode, answer.headers.location]).toEqual([302, offer])
  })

  it.each(Object.entries(bodyForms))('understands %s', async (_, form) => {
    const fields = {
      long_url: 'https://www.example.com/ü?a=[1&b={mobile}}#x+y&z',
      title: ' A & B + 50% «ü» ',
      webhook_id: 7,
      is_advanced: true,
      status: 0,
      expires_at: '2030-01-31 12:00:00',
      max_visits: 5,
      fallback_url: 'https://www.example.com/sorry?a=[1&b={c}',
      retention_days: '30',
      redirect_status: 307,
      forward_query: 1,
      tags: ['a b', 'ü'],
      rules: [{ when: { platform: ['iOS'], country_code: ['IN', 'DE'] }, long_url: 'https://www.example.com/ios' }],
    }
    const { owner, create, stored, headers } = newOwner()
    const sent = form(fields)
    const answer = await site.app.inject({
      method: 'POST',
      url: '/api/v2/link/urls?include=settings',
      payload: sent.payload,
      headers: { ...headers, ...sent.headers },
    })
    const { data } = answer.json()
    expect(answer.statusCode).toBe(200)
    expect(data).toEqual({
      id: owner * 1000 + 1,
      title: 'A & B + 50% «ü»',
      short_url: `https://s.example.com/${data.token}`,
      long_url: fields.long_url,
      webhook_id: '7',
      token: data.token,
      visits: [],
      last_visited: null,
      is_advanced: '1',
      status: 0,
      created_at: data.created_at,
      updated_at: data.updated_at,
      expires_at: '2030-01-31T06:30:00.000000Z',
      max_visits: 5,
      fallback_url: fields.fallback_url,
      retention_days: 30,
      redirect_status: 307,
      forward_query: 1,
      tags: fields.tags,
      rules: [expect.objectContaining({ long_url: 'https://www.example.com/ios' })],
    })
    expect((await stored(data.id)).longUrl).toBe(fields.long_url)
    expect((await create({ long_url: offer })).json().data).not.toHaveProperty('tags')
  })

  it.each([
    ['1', [1, '1', true]],
    ['0', [0, '0', false, null, '', undefined]],
  ])('takes is_advanced and answers it as "%s"', async (text, values) => {
    const { create } = newOwner()
    for (const given of values) {
      expect((await create({ long_url: offer, is_advanced: given })).json().data.is_advanced).toBe(text)
    }
  })

  it('takes the old names advanced and webhook, but new names win', async () => {
    const { create } = newOwner()
    const old = await create({ long_url: offer, advanced: '1', webhook: 'old' })
    expect(old.json().data).toMatchObject({ is_advanced: '1', webhook_id: 'old' })
    const both = await create({ long_url: offer, advanced: '1', webhook: 'old', is_advanced: '0', webhook_id: 'new' })
    expect(both.json().data).toMatchObject({ is_advanced: '0', webhook_id: 'new' })
    const emptied = await create({ long_url: offer, webhook: 'old', webhook_id: null })
    expect(emptied.json().data.webhook_id).toBeNull()
  })

  it('sets nothing but what an owner decides', async () => {
    const { owner, create, stored } = newOwner()
    const { data } = (
      await create({
        long_url: offer,
        ...{ id: 7, user_id: 1, owner_id: 1, token: 'mine', short_url: 'https://evil.example/x', visits: 99 },
        ...{
          human_visits: 9,
          first_seq: 5,
          revision: 9,
          last_recipient: 3,
          reached: 3,
          last_erased: 2,
          deleted_at: '2020-01-01',
        },
        ...{ created_at: '2020-01-01', updated_at: '2020-01-01', last_visited: '2020-01-01', removed_at: '2020-01-01' },
      })
    ).json()
    const link = await stored(data.id)
    expect(link).toEqual({
      ...{ userId: BigInt(owner), id: BigInt(owner * 1000 + 1), title: '', longUrl: offer, token: data.token },
      ...{ webhookId: null, isAdvanced: false, status: 1, visits: 0n, humanVisits: 0n, firstSeq: 1n, lastErased: 0n },
      ...{ firstHumanSeq: 1n, lastRecipient: 0n, reached: 0n, revision: 0n, lastVisited: null, lastRecordedAt: null },
      ...{
        redirectStatus: 302,
        forwardQuery: false,
        expiresAt: null,
        maxVisits: null,
        fallbackUrl: null,
        retentionDays: null,
        tags: [],
        rules: [],
      },
      ...{ createdAt: link.createdAt, updatedAt: link.createdAt, deletedAt: null, removedAt: null },
    })
    expect(link.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(data.short_url).toBe(`https://s.example.com/${data.token}`)
  })

  it('numbers links without a gap, also twenty at once and after one that was refused', async () => {
    const { owner, create } = newOwner()
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, n) => create({ long_url: `${offer}/${n}`, slug: n === 7 ? 'link' : undefined })),
    )
    const made = many.filter(({ statusCode }) => statusCode === 200).map((answer) => answer.json().data)
    expect(made).toHaveLength(19)
    expect(made.map(({ id }) => id - owner * 1000).sort((a, b) => a - b)).toEqual(made.map((_, n) => n + 1))
    expect(new Set(made.map(({ token }) => token)).size).toBe(19)
    expect((await create({ long_url: offer })).json().data.id).toBe(owner * 1000 + 20)
  })

  it('needs the scope links:write', async () => {
    const answer = await site.app.inject({
      method: 'POST',
      url: '/link/urls',
      payload: {},
      headers: site.as(1, 'links:read visits:read'),
    })
    expect(answer.json()).toEqual({
      ...{ status: 'ERROR', code: 403, message: 'User does not have the right permissions.', data: [] },
    })
  })
})

describe('a target', () => {
  it.each([
    'http://example.com',
    'HTTPS://EXAMPLE.COM/A',
    'https://example.com:8443/a/b?c=d&e[]=f#g',
    'https://example.com/{mobile}/{{mobile}}/{unknown}/{',
    'https://example.com/[a/(b/{c/<d>',
    'https://{browser_lang}.example.com/',
    'https://user:password@example.com/',
    'https://münchen.example/straße',
    'https://[2001:db8::1]/x',
    'https://example.com/two words',
    'https://example.com/%zz',
    `https://example.com/${'x'.repeat(2028)}`,
  ])('may be %s', async (longUrl) => {
    const answer = await newOwner().create({ long_url: longUrl })
    expect(answer.json().data?.long_url).toBe(longUrl)
  })

  const begin = 'The long url field must be a valid URL that begins with http:// or https://.'
  it.each([
    ['The long url field is required.', undefined],
    ['The long url field is required.', null],
    ['The long url field is required.', ''],
    ['The long url field is required.', '  \n '],
    ['The long url field must be a string.', 5],
    ['The long url field must be a string.', true],
    ['The long url field must be a string.', ['https://example.com']],
    ['The long url field must be a string.', { url: 'https://example.com' }],
    ['The long url field must not be greater than 2048 characters.', `https://example.com/${'x'.repeat(2029)}`],
    ['The long url field must not contain control characters.', 'https://example.com/a\nb'],
    ['The long url field must not contain control characters.', 'https://example.com/\u0000b'],
    ['The long url field must not contain control characters.', 'https://example.com/\ud800b'],
    [begin, 'example.com'],
    [begin, 'www.example.com/x'],
    [begin, '//example.com/x'],
    [begin, 'https:'],
    [begin, 'https://'],
    [begin, 'https:///x'],
    [begin, 'https:/example.com'],
    [begin, 'https:\\\\example.com'],
    [begin, 'https://?x'],
    [begin, 'https:// example.com'],
    [begin, 'ftp://example.com'],
    [begin, 'javascript:alert(1)'],
    [begin, ' JavaScript:alert(1)'],
    [begin, 'java\tscript:alert(1)'.replace('\t', '')],
    [begin, 'data:text/html,x'],
    [begin, 'file:///etc/passwd'],
    [begin, 'intent://scan/#Intent;end'],
    [begin, 'market://details?id=x'],
  ])('is refused, in the words of Laravel: %s', async (text, longUrl) => {
    const answer = await newOwner().create({ long_url: longUrl })
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toEqual(refused(text, { long_url: [text] }))
  })

  it.each(['https://s.example.com/abc', 'http://S.example.com/abc/?x#y', 'https://s.example.com//abc'])(
    'may not be a short URL of this server: %s',
    async (longUrl) => {
      const text = 'The long url field must not be a short URL of this server.'
      const { create } = newOwner()
      const own = await create({ long_url: longUrl })
      expect(own.json()).toEqual(refused(text, { long_url: [text] }))
      const rules = [{ when: { platform: 'iOS' }, long_url: longUrl }]
      const ruled = await create({ long_url: offer, rules })
      expect(ruled.json()).toEqual(refused(text, { 'rules.0.long_url': [text] }))
    },
  )

  it.each([
    'https://s.example.com/',
    'https://s.example.com/docs',
    'https://s.example.com/a/b',
    'https://s.example.com:81/a',
  ])('may be something else on the same host: %s', async (longUrl) => {
    expect((await newOwner().create({ long_url: longUrl })).statusCode).toBe(200)
  })

  it('may be an address of an app where the site allows its scheme, and is sent on to', async () => {
    const { app, as } = await testApp({ env: { TARGET_SCHEMES: 'https,market,intent' } })
    const create = (longUrl: string) =>
      app.inject({ method: 'POST', url: '/link/urls', payload: { long_url: longUrl }, headers: as(1) })
    for (const target of ['market://details?id=com.example', 'Intent:#Intent;action=x;end', 'https://example.com/']) {
      const { data } = (await create(target)).json()
      const { headers } = await app.inject(`/${data.token}`)
      expect(headers.location).toBe(target.replace('Intent:', 'intent:'))
    }
    for (const target of ['http://example.com', 'javascript:alert(1)', 'market:']) {
      const text = 'The long url field must be a valid URL that begins with https://, market: or intent:.'
      expect((await create(target)).json()).toEqual(refused(text, { long_url: [text] }))
    }
  })
})

describe('a slug', () => {
  it('becomes the code of the link, and opens it though nobody had it a moment ago', async () => {
    const { create } = newOwner()
    expect((await open('Summer-Sale_26')).statusCode).toBe(404)
    const { data } = (await create({ long_url: offer, slug: 'Summer-Sale_26' })).json()
    expect(data).toMatchObject({ token: 'Summer-Sale_26', short_url: 'https://s.example.com/Summer-Sale_26' })
    await expect.poll(async () => (await open('Summer-Sale_26')).statusCode).toBe(302)
  })

  const taken = refused('The slug has already been taken.', { slug: ['The slug has already been taken.'] })

  it('is given once, whoever asks: of two requests at once, one gets it', async () => {
    for (let round = 0; round < 10; round++) {
      const owners = [newOwner(), newOwner(), newOwner()]
      const [first] = owners
      const requests = [...owners, ...(first ? [first] : [])]
      const answers = await Promise.all(requests.map(({ create }) => create({ long_url: offer, slug: `race${round}` })))
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 422, 422, 422])
      for (const answer of answers) if (answer.statusCode === 422) expect(answer.json()).toEqual(taken)
    }
  })

  it('is never one that was given out: to a link, a deleted link or a recipient', async () => {
    const { owner, create, headers } = newOwner()
    const { data } = (await create({ long_url: offer, slug: 'gone-for-good' })).json()
    await site.app.inject({ method: 'DELETE', url: `/link/urls/${data.id}`, headers })
    await storeLink(site.db, owner, 5)
    await storeRecipients(site.db, owner, 5, ['9019955123'], ['Recipient1'])
    for (const slug of ['gone-for-good', 'Recipient1', `link${owner}x5`]) {
      expect((await create({ long_url: offer, slug })).json()).toEqual(taken)
      expect((await newOwner().create({ long_url: offer, slug })).json()).toEqual(taken)
    }
  })

  const shape = 'The slug field must be 1 to 64 letters, digits, dashes and underscores.'
  it.each([
    [shape, 'a b'],
    [shape, 'a/b'],
    [shape, 'ü'],
    [shape, 'x'.repeat(65)],
    [shape, '../admin'],
    ['The slug field must be a string.', 5],
    ['The slug field must be a string.', ['a']],
    ['The slug is a word that this server uses itself.', 'link'],
    ['The slug is a word that this server uses itself.', 'DashBoard'],
  ])('is refused: %s', async (text, slug) => {
    expect((await newOwner().create({ long_url: offer, slug })).json()).toEqual(refused(text, { slug: [text] }))
  })
})

describe('a field with a mistake', () => {
  const time = 'The expires at field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.'
  const number = 'The max visits field must be an integer of at least 1.'
  const days = 'The retention days field must be an integer of at least 1, and at most 36500.'
  const tag = 'A tag must be a text of 1 to 50 characters.'
  it.each<[string, string, unknown]>([
    ['title', 'The title field must not be greater than 255 characters.', 'x'.repeat(256)],
    ['title', 'The title field must be a string.', {}],
    ['title', 'The title field must be a string.', 1.5],
    ['title', 'The title field must not contain NUL characters.', 'a\u0000b'],
    ['webhook_id', 'The webhook id field must not be greater than 255 characters.', 'ü'.repeat(256)],
    ['webhook_id', 'The webhook id field must be a string.', true],
    ['webhook_id', 'The webhook id field must be a string.', 2 ** 60],
    ['is_advanced', 'The is advanced field must be 0 or 1.', 2],
    ['is_advanced', 'The is advanced field must be 0 or 1.', 'yes'],
    ['is_advanced', 'The is advanced field must be 0 or 1.', []],
    ['status', 'The status field must be 0 or 1.', 'active'],
    ['expires_at', time, 'tomorrow'],
    ['expires_at', time, '2026-02-30'],
    ['expires_at', time, 1767225600],
    ['max_visits', number, 0],
    ['max_visits', number, -1],
    ['max_visits', number, 1.5],
    ['max_visits', number, '1e3'],
    ['max_visits', number, 2 ** 53],
    [
      'fallback_url',
      'The fallback url field must be a valid URL that begins with http:// or https://.',
      'x.example.com',
    ],
    [
      'fallback_url',
      'The fallback url field must be a valid URL that begins with http:// or https://.',
      'javascript:a()',
    ],
    ['fallback_url', 'The fallback url field must be a string.', 7],
    ['fallback_url', 'The fallback url field must not contain control characters.', 'https://a.example.com/\u0007b'],
    [
      'fallback_url',
      'The fallback url field must not be greater than 2048 characters.',
      `https://a.b/${'x'.repeat(2048)}`,
    ],
    ['fallback_url', 'The fallback url field must not be a short URL of this server.', 'https://s.example.com/AbC123)'],
    ['retention_days', days, 0],
    ['retention_days', days, 36_501],
    ['retention_days', days, '1.5'],
    ['redirect_status', 'The redirect status field must be 301, 302, 303, 307 or 308.', 300],
    ['redirect_status', 'The redirect status field must be 301, 302, 303, 307 or 308.', '200'],
    ['forward_query', 'The forward query field must be 0 or 1.', 'on'],
    ['tags', 'The tags field must be a list.', 'a,b'],
    ['tags', 'The tags field must not have more than 20 items.', Array.from({ length: 21 }, (_, n) => `t${n}`)],
    ['tags.1', tag, ['a', 'x'.repeat(51)]],
    ['tags.1', tag, ['a', '']],
    ['rules', 'The rules field must be a list.', {}],
    ['rules.0.long_url', 'The long url field is required.', [{ when: { platform: 'iOS' } }]],
  ])('is named: %s, %s', async (field, text, value) => {
    const name = field.split('.')[0] ?? ''
    const answer = await newOwner().create({ long_url: offer, [name]: value })
    expect(answer.json()).toEqual(refused(text, { [field]: [text] }))
  })

  it('is counted with the others, and nothing is stored', async () => {
    const { create, headers } = newOwner()
    const errors = {
      long_url: ['The long url field is required.'],
      is_advanced: ['The is advanced field must be 0 or 1.'],
      status: ['The status field must be 0 or 1.'],
    }
    const answer = await create({ is_advanced: 7, status: 7 })
    expect(answer.json()).toEqual(refused('The long url field is required. (and 2 more errors)', errors))
    const two = await create({ status: 7 })
    expect(two.json().message).toBe('The long url field is required. (and 1 more error)')
    expect((await site.app.inject({ url: '/link/urls', headers })).json().meta.total).toBe(0)
  })

  it.each([
    ['a body that is a list', []],
    ['one that is a text', '"https://example.com"'],
    ['none at all', undefined],
  ])('may be all of them: %s', async (_, payload) => {
    const answer = await site.app.inject({
      method: 'POST',
      url: '/link/urls',
      headers: { ...newOwner().headers, ...(typeof payload === 'string' && { 'content-type': 'application/json' }) },
      ...(payload !== undefined && { payload }),
    })
    const text = 'The long url field is required.'
    expect(answer.json()).toEqual(refused(text, { long_url: [text] }))
  })

  it('may be a parameter', async () => {
    const text = 'The include field must be settings.'
    const answer = await newOwner().create({ long_url: offer }, '/link/urls?include=secrets')
    expect(answer.json()).toEqual(refused(text, { include: [text] }))
  })
})
