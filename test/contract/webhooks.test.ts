import { describe } from 'vitest'
import { bodyForms } from '../support/body-forms.js'
import { failed, headOf, invalid, missing, ok, onePage, otherVerb, secret, shown, unchanged } from './answers.js'
import { form, json, raw } from './bodies.js'
import { shownWebhook, webhook } from './given.js'
import { contract, type Given } from './site.js'

const answers = contract()
const path = '/developer/webhooks'
const mine = `${path}/<id hook>`
const given = [webhook()]
const uri = 'https://hooks.example.com/visits'
const other = '01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e22'

const fresh = { id: '<uuid>', created_at: '<instant>', updated_at: '<instant>' }
const created = (changes: object = {}) =>
  ok('Webhook Created Successfully', shownWebhook({ ...fresh, secret: null, ...changes }))
const edited = (changes: object = {}) =>
  ok('Webhook Updated Successfully', shownWebhook({ updated_at: '<instant>', ...changes }))
const deleted = ok('Webhook Deleted Successfully', [])

/** A webhook of somebody else, with the same id. */
const foreign: Given = async ({ site, id, known }) => webhook()({ site, id: id + 1_000_000, known })

describe('a new webhook', () => {
  for (const [name, write] of Object.entries(bodyForms)) {
    answers(
      name,
      `POST ${path}`,
      { body: write({ name: 'Orders', uri, secret: 's3cret', status: 0, token: 't' }) },
      {
        ...created({ secret: '*****', status: 0 }),
      },
    )
    answers(
      `${name}, empty`,
      `POST ${path}`,
      { body: write({ x: 1 }) },
      {
        ...invalid({ name: 'The name field is required.', uri: 'The uri field is required.' }),
      },
    )
  }
  answers('what is needed', `POST ${path}`, { body: json({ name: 'Orders', uri }) }, created())
  answers(
    'placeholders',
    `POST ${path}`,
    { as: 'webhooks:write visits:pii', body: json({ name: 7, uri: `${uri}/{link_id}?m={{mobile}}` }) },
    {
      ...created({ name: '7', uri: `${uri}/{link_id}?m={{mobile}}` }),
    },
  )
  answers(
    'what nobody may set',
    `POST ${path}`,
    {
      body: json({ name: 'Orders', uri, id: other, user_id: 1, verification_code: 'x', created_at: 'x' }),
    },
    created(),
  )
  for (const at of [`${path}/`, `/api/v2${path}`, `/api/v2/api/v2${path}`]) {
    answers('here too', `POST ${at}`, { body: json({ name: 'Orders', uri }) }, created())
  }
})

describe('a new webhook is refused with', () => {
  const refuses = (fields: object, errors: Record<string, string>) =>
    answers(
      JSON.stringify(fields).slice(0, 60),
      `POST ${path}`,
      { body: json({ name: 'Orders', uri, ...fields }) },
      {
        ...invalid(errors),
      },
    )
  const address = 'The uri field must be a valid URL that begins with http:// or https://.'
  const inside = 'The uri field must not lead to a private address.'
  refuses({ name: '' }, { name: 'The name field is required.' })
  for (const name of [1e20, 1.5, true, {}]) refuses({ name }, { name: 'The name field must be a string.' })
  refuses({ secret: 1e20 }, { secret: 'The secret field must be a string.' })
  refuses({ name: ['x'] }, { name: 'The name field must be a string.' })
  refuses({ name: 'x'.repeat(256) }, { name: 'The name field must not be greater than 255 characters.' })
  for (const bad of ['hooks.example.com', 'ftp://hooks.example.com', 'javascript:alert(1)'])
    refuses({ uri: bad }, { uri: address })
  for (const host of ['127.0.0.1', 'localhost', '10.0.0.1', '169.254.169.254', '[::1]', '2130706433']) {
    refuses({ uri: `http://${host}/x` }, { uri: inside })
  }
  refuses(
    { uri: 'https://a:b@hooks.example.com' },
    {
      uri: 'The uri field must not contain a user name or a password; there is secret for that.',
    },
  )
  refuses({ uri: 'https://{host}/x' }, { uri: 'The uri field must not have placeholders in its host.' })
  refuses({ status: 2 }, { status: 'The status field must be 0 or 1.' })
  refuses({ secret: '*****' }, { secret: 'The secret field must be the secret itself, not *****.' })
  refuses(
    { token: 'whsec_AAAA' },
    {
      token: 'The token field must be whsec_ and a key of 24 to 64 bytes in base64, or a text without whsec_.',
    },
  )
  answers('half of JSON', `POST ${path}`, { body: raw('{"name"') }, failed(400, 'The body is not valid JSON.'))
  answers(
    'XML',
    `POST ${path}`,
    { body: raw('<a/>', 'text/xml') },
    {
      ...failed(415, 'The content type of the body is not supported.'),
    },
  )
})

describe('the list of webhooks', () => {
  const both = [webhook({ id: other, name: '100% sales', secret: null, status: 0 }), webhook()]
  const sales = shownWebhook({ id: other, name: '100% sales', secret: null, status: 0 })
  const list = (items: object[], query = '', at = path) => shown('OK', items, onePage(at, items.length, query))
  answers('newest first', `GET ${path}`, { given: both }, list([sales, shownWebhook()]))
  answers('none', `GET ${path}`, { given: [foreign] }, list([]))
  answers(
    'by a part of the name',
    `GET ${path}?filter[name]=ORD`,
    { given: both },
    list([shownWebhook()], 'filter%5Bname%5D=ORD&'),
  )
  answers(
    'by a sign that is none',
    `GET ${path}?filter[name]=%25`,
    { given: both },
    list([sales], 'filter%5Bname%5D=%25&'),
  )
  for (const at of [`/api/v2${path}`, `/api/v2/api/v2${path}`]) {
    answers('here too', `GET ${at}/`, { given: both }, list([sales, shownWebhook()], '', at))
  }
  answers('its head', `HEAD ${path}`, { given: both }, headOf(list([])))
  answers('known already', `GET ${path}`, { given: both, headers: { 'if-none-match': '*' } }, unchanged)
  answers(
    'another filter',
    `GET ${path}?filter[uri]=x`,
    { given: both },
    {
      ...invalid({ 'filter.uri': 'There is no such filter. There is name.' }),
    },
  )
  answers(
    'a size that is none',
    `GET ${path}?per_page=0`,
    { given: both },
    {
      ...invalid({ per_page: 'The per page field must be a number between 1 and 100.' }),
    },
  )
  answers('not here', `DELETE ${path}`, { given: both }, otherVerb('GET, HEAD, POST'))
})

describe('a webhook', () => {
  answers('alone', `GET ${mine}`, { given }, shown('OK', shownWebhook()))
  answers('its head', `HEAD ${mine}`, { given }, headOf(shown('OK', [])))
  answers('known already', `GET ${mine}`, { given, headers: { 'if-none-match': '*' } }, unchanged)
  for (const verb of ['PUT', 'PATCH', 'POST']) {
    for (const [name, write] of Object.entries(bodyForms)) {
      answers(
        name,
        `${verb} ${mine}`,
        { given, body: write({ name: 'Sales', uri, status: 0, secret: '*****' }) },
        {
          ...edited({ name: 'Sales', status: 0 }),
        },
      )
    }
  }
  answers('an edit that says nothing', `PUT ${mine}`, { given, body: json({}) }, edited())
  answers(
    'an edit that takes the secret away',
    `PUT ${mine}`,
    { given, body: json({ secret: null }) },
    edited({ secret: null }),
  )
  answers(
    'an edit without name and address',
    `PUT ${mine}`,
    { given, body: json({ name: null, uri: ' ' }) },
    {
      ...invalid({ name: 'The name field is required.', uri: 'The uri field is required.' }),
    },
  )
  answers(
    'an edit in a form',
    `POST ${mine}`,
    { given, body: form('_method=PUT&name=Sales') },
    edited({ name: 'Sales' }),
  )
  answers('deleted', `DELETE ${mine}`, { given }, deleted)
  answers('deleted by a form', `POST ${mine}`, { given, body: form('_method=DELETE') }, deleted)
  answers('deleted by the query', `POST ${mine}?_method=delete`, { given }, deleted)
  answers('deleted by a header', `POST ${mine}`, { given, headers: { 'x-http-method-override': 'DELETE' } }, deleted)
  for (const verb of ['GET', 'PUT', 'DELETE']) {
    const body = verb === 'PUT' ? { body: json({}) } : {}
    answers('gone', `${verb} ${mine}`, { given, after: [`DELETE ${mine}`], ...body }, missing)
    answers("another owner's", `${verb} ${mine}`, { given: [foreign], ...body }, missing)
    for (const id of [other, '7', "x'--", `${other}0`])
      answers('none', `${verb} ${path}/${id}`, { given, ...body }, missing)
  }
  answers('not here', `TRACE ${mine}`, { given }, otherVerb('DELETE, GET, HEAD, PATCH, POST, PUT'))
})

describe('the verification code', () => {
  const code = `${mine}/verification-code`
  answers('shown', `GET ${code}`, { given }, secret('OK', { verification_code: `whsec_${'A'.repeat(43)}=` }))
  answers(
    'made anew',
    `POST ${code}`,
    { given },
    {
      ...secret('Verification Code Created Successfully', { verification_code: '<key>' }),
    },
  )
  answers('its head', `HEAD ${code}`, { given }, headOf(secret('OK', [])))
  answers("another owner's", `GET ${code}`, { given: [foreign] }, missing)
  answers("another owner's, made anew", `POST ${code}`, { given: [foreign] }, missing)
})

describe('deliveries', () => {
  const at = '2022-10-31T10:07:27.000000Z'
  const delivery =
    (seq: number, state: string): Given =>
    async ({ site, id: userId }) => {
      const created = new Date('2022-10-31T10:07:27Z')
      const attempt = { attempts: 2, lastAttemptAt: created, lastStatus: 500, lastError: 'Answered 500.' }
      await site.db.prisma.webhookDelivery.create({
        data: {
          ...{ userId, linkId: 20, seq, webhookId: '01a0f5b2-7d1c-7c3e-9a56-0d6f4c2b8e11', state, createdAt: created },
          id: `835b7433-0aaf-457c-88e7-${`${seq}`.padStart(12, '0')}`,
          ...(state !== 'pending' && attempt),
        },
      })
    }
  const all = [...given, delivery(1, 'parked'), delivery(2, 'pending')]
  const shownDelivery = (seq: number, changes: object) => ({
    ...{ id: `835b7433-0aaf-457c-88e7-${`${seq}`.padStart(12, '0')}`, link_id: 20, seq, state: 'pending', attempts: 0 },
    ...{ last_attempt_at: null, last_status: null, last_error: null, created_at: at, next_attempt_at: null },
    ...changes,
  })
  const parked = shownDelivery(1, {
    ...{ state: 'parked', attempts: 2, last_attempt_at: at, last_status: 500, last_error: 'Answered 500.' },
  })
  const pending = shownDelivery(2, {})
  const base = `https://api.example.com${mine}/deliveries`
  const list = (items: object[], limit = 100, next: string | null = null) =>
    ok('OK', items, {
      links: { first: null, last: null, prev: null, next: next && `${base}?limit=${limit}&cursor=${next}` },
      meta: { path: base, per_page: limit, next_cursor: next, prev_cursor: null },
    })
  answers('newest first', `GET ${mine}/deliveries`, { given: all }, list([pending, parked]))
  answers('those given up', `GET ${mine}/deliveries?filter[state]=parked`, { given: all }, list([parked]))
  answers(
    'a part of them',
    `GET ${mine}/deliveries?limit=1`,
    { given: all },
    {
      ...list([pending], 1, '835b7433-0aaf-457c-88e7-000000000002'),
    },
  )
  answers(
    'the next part',
    `GET ${mine}/deliveries?limit=1&cursor=835b7433-0aaf-457c-88e7-000000000002`,
    { given: all },
    {
      ...list([parked], 1),
    },
  )
  answers(
    'another state',
    `GET ${mine}/deliveries?filter[state]=lost`,
    { given: all },
    {
      ...invalid({ 'filter.state': 'The filter state must be pending, delivered, parked.' }),
    },
  )
  answers(
    'no limit',
    `GET ${mine}/deliveries?limit=0`,
    { given: all },
    {
      ...invalid({ limit: 'The limit field must be a number between 1 and 1000.' }),
    },
  )
  answers(
    'all that were given up, again',
    `POST ${mine}/deliveries/replay`,
    { given: all },
    {
      ...ok('Deliveries Replayed Successfully', { replayed: 1 }),
    },
  )
  answers(
    'one, again',
    `POST ${mine}/deliveries/835b7433-0aaf-457c-88e7-000000000001/replay`,
    { given: all },
    {
      ...ok('Delivery Replayed Successfully', []),
    },
  )
  answers('none, again', `POST ${mine}/deliveries/${other}/replay`, { given: all }, missing)
  answers("another owner's", `GET ${mine}/deliveries`, { given: [foreign] }, missing)
  answers("another owner's, again", `POST ${mine}/deliveries/replay`, { given: [foreign] }, missing)
})
