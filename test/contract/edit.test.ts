import { describe } from 'vitest'
import { bodyForms } from '../support/body-forms.js'
import { failed, invalid, missing, ok, otherVerb, shown } from './answers.js'
import { form, json, raw } from './bodies.js'
import { editedLink, foreignLink, link, shownLink } from './given.js'
import { contract } from './site.js'

const answers = contract()
const before = { title: 'Before', webhookId: 'w', isAdvanced: true }
const given = [link(20, before)]
const target = 'https://example.com/b'

const edited = (changes: object = {}) =>
  ok('Link Updated Successfully', {
    ...editedLink(20, { title: 'Before', webhook_id: 'w', is_advanced: '1', long_url: target, ...changes }),
  })
const deleted = ok('Link Deleted Successfully', [])
const badOverride = failed(400, 'The method override must be PUT, PATCH or DELETE.')

describe('an edit, by every verb in every form of body', () => {
  const fields = { long_url: target, title: 'After', is_advanced: 0 }
  for (const verb of ['PUT', 'PATCH', 'POST']) {
    for (const [name, write] of Object.entries(bodyForms)) {
      answers(
        name,
        `${verb} /link/urls/20`,
        { given, body: write(fields) },
        {
          ...edited({ title: 'After', is_advanced: '0' }),
        },
      )
    }
  }
  for (const [name, write] of Object.entries(bodyForms)) {
    answers(
      `${name} without a target`,
      'PUT /link/urls/20',
      { given, body: write({ title: 'After' }) },
      {
        ...invalid({ long_url: 'The long url field is required.' }),
      },
    )
  }
})

describe('what an edit changes', () => {
  const changes = (fields: object, shown: object) =>
    answers(
      JSON.stringify(fields),
      'PUT /link/urls/20',
      { given, body: json({ long_url: target, ...fields }) },
      {
        ...edited(shown),
      },
    )
  changes({}, {})
  changes({ title: null }, { title: '' })
  changes({ title: '' }, { title: '' })
  changes({ webhook: 9 }, { webhook_id: '9' })
  changes({ webhook_id: null }, { webhook_id: null })
  changes({ advanced: false }, { is_advanced: '0' })
  changes({ is_advanced: null }, {})
  changes({ status: '0' }, { status: 0 })
  changes({ id: 7, token: 'mine', visits: 9, user_id: 1, last_visited: 'now', updated_at: 'x' }, {})
  answers(
    'a slug',
    'PUT /link/urls/20',
    { given, body: json({ long_url: target, slug: 'E-<owner>' }) },
    {
      ...edited({ token: 'E-<owner>', short_url: 'https://s.example.com/E-<owner>' }),
    },
  )
  answers(
    'the code it has',
    'PUT /link/urls/20',
    { given, body: json({ long_url: target, slug: '<token 20>' }) },
    edited(),
  )
  answers(
    'the code of another link',
    'PUT /link/urls/20',
    { given: [...given, link(21)], body: json({ long_url: target, slug: '<token 21>' }) },
    invalid({ slug: 'The slug has already been taken.' }),
  )
  answers(
    'with what only this server knows',
    'PUT /api/v2/link/urls/20?include=settings',
    { given, body: json({ long_url: target, tags: ['x'], max_visits: 3 }) },
    edited({
      expires_at: null,
      max_visits: 3,
      fallback_url: null,
      retention_days: null,
      redirect_status: 302,
      forward_query: 0,
      tags: ['x'],
      rules: [],
    }),
  )
  answers(
    'it is shown so from then on',
    'GET /link/urls/20',
    { given, after: ['PUT /link/urls/20 {"long_url":"https://example.com/b","title":7,"status":0}'] },
    {
      ...shown('OK', {
        ...shownLink(20, { title: '7', long_url: target, webhook_id: 'w', is_advanced: 1, status: 0 }),
        updated_at: '<instant>',
      }),
    },
  )
})

describe('another verb, asked for in', () => {
  const body = json({ long_url: target })
  for (const verb of ['PUT', 'PATCH', 'put']) {
    answers('the query', `POST /link/urls/20?_method=${verb}`, { given, body }, edited())
    answers('a header', 'POST /link/urls/20', { given, headers: { 'X-HTTP-Method-Override': verb }, body }, edited())
    for (const [name, write] of Object.entries(bodyForms)) {
      if (verb === 'put' && name !== 'a form') continue
      answers(
        `the body, ${name}`,
        'POST /link/urls/20',
        { given, body: write({ _method: verb, long_url: target }) },
        {
          ...edited(),
        },
      )
    }
  }
  for (const verb of ['DELETE', 'delete', 'Delete']) {
    answers('the query', `POST /link/urls/20?_method=${verb}`, { given }, deleted)
    answers('a header', 'POST /link/urls/20', { given, headers: { 'X-HTTP-Method-Override': verb } }, deleted)
    answers('a form', 'POST /link/urls/20', { given, body: form(`_method=${verb}`) }, deleted)
  }
  for (const [name, write] of Object.entries(bodyForms)) {
    answers(`the body, ${name}`, 'POST /link/urls/20', { given, body: write({ _method: 'DELETE' }) }, deleted)
  }
  answers('the body, as POST', 'POST /link/urls/20', { given, body: form(`_method=POST&long_url=${target}`) }, edited())
  answers(
    'a header before the body',
    'POST /link/urls/20',
    {
      ...{ given, headers: { 'X-HTTP-Method-Override': 'PUT' }, body: json({ _method: 'DELETE', long_url: target }) },
    },
    edited(),
  )
  for (const verb of ['GET', 'HEAD', 'TRACE', 'x']) {
    answers('the query', `POST /link/urls/20?_method=${verb}`, { given, body }, badOverride)
    answers('a header', 'POST /link/urls/20', { given, headers: { 'X-HTTP-Method-Override': verb }, body }, badOverride)
    answers('a form', 'POST /link/urls/20', { given, body: form(`_method=${verb}&long_url=${target}`) }, badOverride)
  }
  answers('a list of verbs', 'POST /link/urls/20?_method[]=DELETE', { given, body }, badOverride)
  answers(
    'a GET, which stays one',
    'GET /link/urls/20?_method=DELETE',
    { given },
    {
      ...shown('OK', shownLink(20, { title: 'Before', webhook_id: 'w', is_advanced: 1 })),
    },
  )
  answers(
    'a form, for a path that has none',
    'POST /link/urls',
    { body: form('_method=DELETE') },
    {
      ...failed(405, 'Method Not Allowed', { allow: 'GET, HEAD, POST' }),
    },
  )
})

describe('an edit of what is not there', () => {
  const body = json({ long_url: target })
  for (const verb of ['PUT', 'PATCH', 'POST']) {
    answers('no link', `${verb} /link/urls/21`, { given, body }, missing)
    answers("another owner's link", `${verb} /link/urls/21`, { given: [...given, foreignLink(21)], body }, missing)
    for (const id of ['0', '-1', '1.5', 'x', '9007199254740993', '20%00', "20'--"]) {
      if (verb === 'PUT') answers('no number of a link', `PUT /link/urls/${id}`, { given, body }, missing)
    }
  }
  answers('a deleted link', 'PUT /link/urls/20', { given, after: ['DELETE /link/urls/20'], body }, missing)
  answers('a form that says so', 'POST /link/urls/21', { given, body: form(`_method=PUT&long_url=${target}`) }, missing)
})

describe('a deletion', () => {
  answers('once', 'DELETE /link/urls/20', { given }, deleted)
  answers('twice', 'DELETE /link/urls/20', { given, after: ['DELETE /link/urls/20'] }, missing)
  answers('no link', 'DELETE /link/urls/21', { given }, missing)
  answers("another owner's link", 'DELETE /link/urls/21', { given: [foreignLink(21)] }, missing)
  answers('no number of a link', 'DELETE /link/urls/x', { given }, missing)
  for (const path of ['/link/urls/20/', '//link//urls//20', '/api/v2/link/urls/20', '/api/v2/api/v2/link/urls/20/']) {
    answers('here too', `DELETE ${path}`, { given }, deleted)
  }
  for (const body of [json({ a: 1 }), raw('{', 'application/json'), raw('', 'application/json'), raw('x', 'x/y')]) {
    answers('its body is ignored', 'DELETE /link/urls/20', { given, body }, deleted)
  }
  answers('all links', 'DELETE /link/urls', { given }, otherVerb('GET, HEAD, POST'))
  answers('the link is gone', 'GET /link/urls/20', { given, after: ['DELETE /link/urls/20'] }, missing)
  answers('its visits are gone', 'GET /link/urls/20/visits', { given, after: ['DELETE /link/urls/20'] }, missing)
})
