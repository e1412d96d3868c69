import { describe } from 'vitest'
import { bodyForms } from '../support/body-forms.js'
import { failed, headOf, invalid, missing, ok, onePage, otherVerb, shown, unchanged } from './answers.js'
import { form, json, raw } from './bodies.js'
import { foreignLink, link, recipients, visits } from './given.js'
import { contract, type Request } from './site.js'

const answers = contract()
const path = '/link/urls/20/recipients'
const given = [link(20)]

const unvisited = { sent_at: null, visits: 0, human_visits: 0, first_visit: null, last_visit: null }

/** The nth that is created by a request. */
function createdRecipient(id: number, mobile: string, changes: object = {}): object {
  const code = `<code ${id}>`
  return {
    ...{ id, token: code, short_url: `https://s.example.com/${code}`, message_id: null, mobile },
    ...unvisited,
    created_at: '<wall-time>',
    ...changes,
  }
}

/** The nth of those that were there before. */
function storedRecipient(id: number, mobile: string, changes: object = {}): object {
  const token = `<token r${id}>`
  return {
    ...createdRecipient(id, mobile),
    ...{ token, short_url: `https://s.example.com/${token}`, created_at: '2022-10-11 09:58:42' },
    ...changes,
  }
}

const created = (...all: object[]) => ok('Recipients Created Successfully', all)
const sends = (title: string, body: Request['body'], answer: ReturnType<typeof ok>, more: Request = { given }) =>
  answers(title, `POST ${path}`, { ...more, ...(body && { body }) }, answer)

describe('new recipients', () => {
  const two = {
    recipients: [
      { mobile: '+91 (90199) 55-123', message_id: 'm-1', sent_at: '2026-01-31 12:00:00' },
      { mobile: 447700900123, message_id: ' ', sent_at: null },
    ],
  }
  const sent = { message_id: 'm-1', sent_at: '2026-01-31 12:00:00' }
  for (const [name, write] of Object.entries(bodyForms)) {
    sends(name, write(two), created(createdRecipient(1, '+919019955***', sent), createdRecipient(2, '447700900***')))
    sends(
      `${name}, for who may see numbers`,
      write(two),
      {
        ...created(createdRecipient(1, '+919019955123', sent), createdRecipient(2, '447700900123')),
      },
      { given, as: 'links:write visits:pii' },
    )
    sends(`${name}, with nobody`, write({ recipients: 'x' }), {
      ...invalid({ recipients: 'The recipients field must be a list of 1 to 10000 recipients.' }),
    })
  }
  sends(
    'the list alone',
    json(two.recipients),
    created(createdRecipient(1, '+919019955***', sent), createdRecipient(2, '447700900***')),
  )
  sends(
    'the list alone, as curl -d sends it',
    form('[{"mobile":"447700900123"}]'),
    created(createdRecipient(1, '447700900***')),
  )
  sends('the same one twice', json([{ mobile: '447700900123' }, { mobile: '4477 0090 0123' }]), {
    ...created(createdRecipient(1, '447700900***'), createdRecipient(1, '447700900***')),
  })
  const known = [link(20), recipients(20, '919019955123')]
  const both = json([{ mobile: '919019955123' }, { mobile: '447700900123' }])
  sends(
    'one who is there already',
    both,
    {
      ...created(storedRecipient(1, '919019955123'), createdRecipient(2, '447700900123')),
    },
    { given: known, as: 'links:write visits:pii' },
  )
  sends(
    'one who is there already, for who may not know that',
    both,
    {
      ...created(createdRecipient(2, '919019955***'), createdRecipient(3, '447700900***')),
    },
    { given: known },
  )
  for (const at of [`${path}/`, `/api/v2${path}`, `/api/v2/api/v2${path}`, path.replaceAll('/', '//')]) {
    answers(
      'here too',
      `POST ${at}`,
      { given, body: json([{ mobile: '447700900123' }]) },
      {
        ...created(createdRecipient(1, '447700900***')),
      },
    )
  }
})

describe('recipients that are none', () => {
  const list = 'The recipients field must be a list of 1 to 10000 recipients.'
  const number = 'The mobile field must be a phone number of 5 to 20 digits.'
  const refuses = (body: unknown, errors: Record<string, string>) =>
    sends(JSON.stringify(body).slice(0, 60), json(body), invalid(errors))
  sends('nothing', undefined, invalid({ request: list }))
  refuses([], { recipients: list })
  refuses({}, { recipients: list })
  refuses({ recipients: {} }, { recipients: list })
  refuses(7, { request: list })
  refuses(['447700900123'], { 'recipients.0': 'A recipient must be an object with a mobile.' })
  refuses([{}], { 'recipients.0.mobile': number })
  for (const mobile of [-447700900123, 1e20, 1.5, true, []]) refuses([{ mobile }], { 'recipients.0.mobile': number })
  refuses([{ mobile: '447700900123', message_id: -1 }], {
    'recipients.0.message_id': 'The message_id field must be a text of 1 to 255 characters.',
  })
  refuses([{ mobile: '123' }], { 'recipients.0.mobile': number })
  refuses([{ mobile: '447700900123' }, { mobile: 'x' }], { 'recipients.1.mobile': number })
  refuses([{ mobile: '447700900123', message_id: 'x'.repeat(256) }], {
    'recipients.0.message_id': 'The message_id field must be a text of 1 to 255 characters.',
  })
  refuses([{ mobile: '447700900123', sent_at: 'soon' }], {
    'recipients.0.sent_at':
      'The sent_at field must be a time as ISO 8601 or Y-m-d H:i:s, such as 2026-01-31T12:00:00+01:00.',
  })
  sends('half of JSON', raw('[{', 'application/json'), failed(400, 'The body is not valid JSON.'))
  sends('XML', raw('<a/>', 'application/xml'), failed(415, 'The content type of the body is not supported.'))
  sends('no link', json([{ mobile: '447700900123' }]), missing, {})
  sends("another owner's link", json([{ mobile: '447700900123' }]), missing, { given: [foreignLink(20)] })
  for (const verb of ['PUT', 'DELETE']) answers('not here', `${verb} ${path}`, { given }, otherVerb('GET, HEAD, POST'))
})

describe('the recipients of a link', () => {
  const people = [
    link(20, { isAdvanced: true }),
    recipients(20, '919019955123', '447700900123'),
    visits(20, 1, { recipientId: 1 }, { recipientId: 1, isBot: true }),
  ]
  const seen = { first_visit: '2022-10-31 10:07:27', last_visit: '2022-10-31 10:07:27' }
  const one = storedRecipient(1, '919019955***', { visits: 2, human_visits: 1, ...seen })
  const two = storedRecipient(2, '447700900***')
  const list = (items: object[], query = '', at = path) => shown('Recipients', items, onePage(at, items.length, query))
  answers('newest first', `GET ${path}`, { given: people }, list([two, one]))
  answers(
    'whole numbers for who may see them',
    `GET ${path}`,
    { given: people, as: 'links:read visits:pii' },
    {
      ...list([
        { ...two, mobile: '447700900123' },
        { ...one, mobile: '919019955123' },
      ]),
    },
  )
  answers('nobody yet', `GET ${path}`, { given }, list([]))
  answers(
    'those who have opened it',
    `GET ${path}?filter[visited]=1`,
    { given: people },
    {
      ...list([one], 'filter%5Bvisited%5D=1&'),
    },
  )
  answers(
    'those who have not',
    `GET ${path}?filter[visited]=0`,
    { given: people },
    list([two], 'filter%5Bvisited%5D=0&'),
  )
  answers('under another name', `GET /api/v2${path}/`, { given: people }, list([two, one], '', `/api/v2${path}`))
  answers('its head', `HEAD ${path}`, { given: people }, headOf(list([])))
  answers('known already', `GET ${path}`, { given: people, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'a filter that is none',
    `GET ${path}?filter[token]=1`,
    { given },
    {
      ...invalid({ 'filter.token': 'There is no such filter. There are visited and mobile.' }),
    },
  )
  answers(
    'a flag that is none',
    `GET ${path}?filter[visited]=yes`,
    { given },
    {
      ...invalid({ 'filter.visited': 'The filter visited must be 0 or 1.' }),
    },
  )
  answers(
    'a size that is none',
    `GET ${path}?per_page=x`,
    { given },
    {
      ...invalid({ per_page: 'The per page field must be a number between 1 and 100.' }),
    },
  )
  answers('no link', 'GET /link/urls/21/recipients', { given }, missing)
  answers("another owner's link", 'GET /link/urls/21/recipients', { given: [foreignLink(21)] }, missing)
})
