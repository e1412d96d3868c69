import { describe } from 'vitest'
import { bodyForms, multipart, part } from '../support/body-forms.js'
import { failed, invalid, missing, ok } from './answers.js'
import { form, json, raw } from './bodies.js'
import { createdLink, foreignLink, link } from './given.js'
import { contract, type Request } from './site.js'

const answers = contract()
const target = 'https://example.com/a'

const created = (changes: object = {}) => ok('Link Created Successfully', createdLink(changes))
const sends = (title: string, body: Request['body'], answer: ReturnType<typeof ok>) =>
  answers(title, 'POST /link/urls', body === undefined ? {} : { body }, answer)

describe('a new link, in every form of body', () => {
  const fields = { long_url: `${target}?b={link_id}&c[`, title: ' Ä & b ', webhook_id: 7, is_advanced: true, status: 0 }
  const shown = { long_url: `${target}?b={link_id}&c[`, title: 'Ä & b', webhook_id: '7', is_advanced: '1', status: 0 }
  for (const [name, write] of Object.entries(bodyForms)) {
    sends(name, write(fields), created(shown))
    sends(`${name}, by the old names`, write({ long_url: target, advanced: 1, webhook: 'w' }), {
      ...created({ webhook_id: 'w', is_advanced: '1' }),
    })
    sends(`${name}, without a target`, write({ title: 'x' }), invalid({ long_url: 'The long url field is required.' }))
  }
  sends('the new names count more than the old ones', json({ long_url: target, webhook: 'a', webhook_id: 'b' }), {
    ...created({ webhook_id: 'b' }),
  })
})

describe('fields of a new link', () => {
  const says = (fields: object, shown: object) =>
    sends(JSON.stringify(fields), json({ long_url: target, ...fields }), created(shown))
  says({}, {})
  says({ title: null }, {})
  says({ title: 12 }, { title: '12' })
  says({ title: 'x'.repeat(255) }, { title: 'x'.repeat(255) })
  says({ webhook_id: null }, {})
  says({ webhook_id: '' }, {})
  says({ webhook_id: 'a'.repeat(36) }, { webhook_id: 'a'.repeat(36) })
  for (const flag of [1, '1', true]) says({ is_advanced: flag }, { is_advanced: '1' })
  for (const flag of [0, '0', false, null]) says({ is_advanced: flag }, { is_advanced: '0' })
  for (const flag of [0, '0', false]) says({ status: flag }, { status: 0 })
  for (const flag of [1, '1', true, null]) says({ status: flag }, { status: 1 })
  says({ id: 5, user_id: 1, token: 'mine', visits: 9, created_at: '2000-01-01', unknown: {} }, {})
  says({ slug: null, expires_at: null, max_visits: null, redirect_status: null, tags: null, rules: null }, {})
  for (const url of ['http://example.com', 'HTTPS://EXAMPLE.COM/a?b[=c]', 'https://{host}.example.com/{{id}}']) {
    says({ long_url: url }, { long_url: url })
  }
})

describe('what only this server knows of a new link', () => {
  const settings = (fields: object, shown: object) =>
    answers(
      JSON.stringify(fields),
      'POST /link/urls?include=settings',
      { body: json({ long_url: target, ...fields }) },
      {
        ...created({
          ...{
            expires_at: null,
            max_visits: null,
            fallback_url: null,
            retention_days: null,
            redirect_status: 302,
            forward_query: 0,
            tags: [],
            rules: [],
          },
          ...shown,
        }),
      },
    )
  settings({}, {})
  settings({ expires_at: '2030-01-31T12:00:00+01:00' }, { expires_at: '2030-01-31T11:00:00.000000Z' })
  settings({ expires_at: '2030-01-31 12:00:00' }, { expires_at: '2030-01-31T12:00:00.000000Z' })
  settings({ max_visits: '5' }, { max_visits: 5 })
  settings({ redirect_status: '301', forward_query: true }, { redirect_status: 301, forward_query: 1 })
  settings({ tags: ['b', 'a', 'b'] }, { tags: ['b', 'a'] })
  settings(
    { rules: [{ when: { platform: 'iOS', weekday: null }, long_url: `${target}/ios` }] },
    { rules: [{ when: { platform: ['iOS'] }, long_url: `${target}/ios` }] },
  )
  answers(
    'a slug',
    'POST /link/urls',
    { given: [link(7)], body: json({ long_url: target, slug: 'S-<owner>' }) },
    {
      ...ok('Link Created Successfully', {
        ...createdLink({ id: 8, token: 'S-<owner>', short_url: 'https://s.example.com/S-<owner>' }),
      }),
    },
  )
  answers(
    'a taken slug',
    'POST /link/urls',
    { given: [link(7)], body: json({ long_url: target, slug: '<token 7>' }) },
    {
      ...invalid({ slug: 'The slug has already been taken.' }),
    },
  )
  answers(
    "another owner's slug",
    'POST /link/urls',
    { given: [foreignLink(7)], body: json({ long_url: target, slug: '<token foreign>' }) },
    invalid({ slug: 'The slug has already been taken.' }),
  )
})

describe('a new link is refused with', () => {
  const refuses = (fields: object, errors: Record<string, string>) =>
    sends(JSON.stringify(fields).slice(0, 80), json({ long_url: target, ...fields }), invalid(errors))
  const required = 'The long url field is required.'
  const scheme = 'The long url field must be a valid URL that begins with http:// or https://.'
  for (const nothing of [null, '', '  ', '\u200b']) refuses({ long_url: nothing }, { long_url: required })
  for (const other of [1, true, ['https://example.com'], {}]) {
    refuses({ long_url: other }, { long_url: 'The long url field must be a string.' })
  }
  for (const url of [
    ...['example.com', '/a', '//example.com', 'http:/example.com', 'http://', 'https:///a', 'ftp://example.com'],
    ...['javascript:alert(1)', 'data:text/html,x', 'intent://x#Intent;end', 'mailto:a@example.com', 'x'],
  ]) {
    refuses({ long_url: url }, { long_url: scheme })
  }
  refuses(
    { long_url: `https://example.com/${'x'.repeat(2048)}` },
    {
      long_url: 'The long url field must not be greater than 2048 characters.',
    },
  )
  refuses(
    { long_url: 'https://example.com/\u0007' },
    {
      long_url: 'The long url field must not contain control characters.',
    },
  )
  refuses(
    { long_url: 'https://s.example.com/abc' },
    {
      long_url: 'The long url field must not be a short URL of this server.',
    },
  )
  for (const title of [['x'], {}, true, 1.5, 1e20]) refuses({ title }, { title: 'The title field must be a string.' })
  refuses({ title: 'x'.repeat(256) }, { title: 'The title field must not be greater than 255 characters.' })
  refuses({ title: 'a\u0000b' }, { title: 'The title field must not contain NUL characters.' })
  refuses({ webhook_id: ['x'] }, { webhook_id: 'The webhook id field must be a string.' })
  for (const flag of [2, 'yes', '', []]) {
    if (flag !== '') refuses({ is_advanced: flag }, { is_advanced: 'The is advanced field must be 0 or 1.' })
  }
  refuses({ status: -1 }, { status: 'The status field must be 0 or 1.' })
  refuses({ slug: 'a b' }, { slug: 'The slug field must be 1 to 64 letters, digits, dashes and underscores.' })
  refuses({ slug: 'API' }, { slug: 'The slug is a word that this server uses itself.' })
  refuses({ slug: 7 }, { slug: 'The slug field must be a string.' })
  refuses(
    { expires_at: 'soon' },
    {
      expires_at: 'The expires at field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.',
    },
  )
  for (const max_visits of [1e20, -1, 1.5, 'x', {}]) {
    refuses({ max_visits }, { max_visits: 'The max visits field must be an integer of at least 1.' })
  }
  refuses({ max_visits: 0 }, { max_visits: 'The max visits field must be an integer of at least 1.' })
  refuses({ redirect_status: 304 }, { redirect_status: 'The redirect status field must be 301, 302, 303, 307 or 308.' })
  refuses({ forward_query: 'on' }, { forward_query: 'The forward query field must be 0 or 1.' })
  refuses({ tags: 'a' }, { tags: 'The tags field must be a list.' })
  refuses({ tags: [''] }, { 'tags.0': 'A tag must be a text of 1 to 50 characters.' })
  refuses({ tags: Array(21).fill('a') }, { tags: 'The tags field must not have more than 20 items.' })
  refuses({ rules: {} }, { rules: 'The rules field must be a list.' })
  refuses(
    { rules: [{ when: { colour: 'red' }, long_url: target }] },
    {
      'rules.0.when.colour': 'There is no such condition.',
    },
  )
  refuses(
    { rules: [{ when: {}, long_url: target }] },
    {
      'rules.0.when': 'The when field must have at least one condition.',
    },
  )
  refuses({ rules: [{ when: { platform: 'iOS' }, long_url: 'x' }] }, { 'rules.0.long_url': scheme })
  refuses(
    { long_url: null, title: [], status: 7 },
    {
      long_url: required,
      title: 'The title field must be a string.',
      status: 'The status field must be 0 or 1.',
    },
  )
  refuses({ long_url: null, title: [] }, { long_url: required, title: 'The title field must be a string.' })
})

describe('a body that is no link', () => {
  const required = invalid({ long_url: 'The long url field is required.' })
  sends('none', undefined, required)
  sends('an empty form', form(''), required)
  sends('a list', json([{ long_url: target }]), required)
  sends('a number', json(7), required)
  sends('null', json(null), required)
  const badJson = failed(400, 'The body is not valid JSON.')
  sends('half of JSON', raw('{"long_url":', 'application/json'), badJson)
  sends('half of JSON without a type', raw('{"long_url":'), badJson)
  sends('half of JSON called a form', form('{"long_url":'), badJson)
  sends('JSON that reaches for prototypes', raw('{"__proto__":{"status":0}}', 'application/json'), badJson)
  sends('nothing, called JSON', raw('', 'application/json'), {
    ...failed(400, 'The body is empty, but its content type says JSON.'),
  })
  sends('a form that reaches for prototypes', form('__proto__[status]=0'), {
    ...failed(400, 'The body has a field that is not allowed.'),
  })
  sends('lists in lists without end', json({ long_url: target, tags: JSON.parse('['.repeat(40) + ']'.repeat(40)) }), {
    ...failed(400, 'The body is nested more than 32 levels deep.'),
  })
  sends('parts without a boundary', raw('--x--', 'multipart/form-data'), {
    ...failed(400, 'The body is not valid multipart/form-data.'),
  })
  sends('a file', multipart([part('name="long_url"; filename="a.txt"', 'x', 'Content-Type: text/plain\r\n')]), {
    ...invalid({ long_url: 'The long_url field must be a text, not a file.' }),
  })
  const unsupported = failed(415, 'The content type of the body is not supported.')
  for (const type of ['application/xml', 'text/plain', 'text/html', undefined]) {
    sends(`XML called ${type ?? 'nothing'}`, raw('<long_url/>', type), unsupported)
  }
  sends('more than a megabyte', json({ long_url: target, title: 'x'.repeat(1024 * 1024) }), {
    ...failed(413, 'The request body is too large.'),
  })
  sends('more than a thousand fields', form(Array.from({ length: 1001 }, (_, n) => `f${n}=1`).join('&')), {
    ...failed(413, 'The body has more than 1000 fields.'),
  })
})

describe('where links are created', () => {
  const body = json({ long_url: target })
  for (const path of ['/link/urls/', '//link//urls', '/api/v2/link/urls', '/api/v2/api/v2/link/urls/']) {
    answers('here too', `POST ${path}`, { body }, created())
  }
  answers(
    'PUT in a header',
    'POST /link/urls',
    { headers: { 'x-http-method-override': 'PUT' }, body },
    {
      ...failed(405, 'Method Not Allowed', { allow: 'GET, HEAD, POST' }),
      isCounted: false,
    },
  )
  answers(
    'the answer speaks JSON whatever is accepted',
    'POST /link/urls',
    { headers: { accept: 'text/html' }, body },
    created(),
  )
  answers(
    'settings that are none',
    'POST /link/urls?include=all',
    { body },
    {
      ...invalid({ include: 'The include field must be settings.' }),
    },
  )
  answers('a link in the address must be there', 'POST /link/urls/999', { body }, missing)
})
