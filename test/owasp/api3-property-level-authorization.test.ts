/** OWASP API Security Top 10 (2023), API3 broken object property level authorization. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { openApp, type TestApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'
import { namedBy, newThings, type Things } from '../support/two-accounts.js'

let site: TestApp
let operations: Operation[]
beforeAll(async () => {
  site = await openApp()
  operations = await operationsOf(site)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const nobodys = ['900000001', '01a206d4-16b5-7f4f-98b7-970dc78e479a']

/** Tables that operations with a body write, and old names of fields (docs/api-contract.md section 4). */
const tables: Record<string, string> = {
  erase: 'erasures',
  link: 'links',
  webhook: 'webhooks',
  token: 'access_tokens',
  recipient: 'recipients',
}
const tableOf = ({ id }: Operation) => {
  const known = Object.entries(tables).find(([word]) => id.toLowerCase().includes(word))
  if (known === undefined) throw new Error(`nobody knows what ${id} writes`)
  return known[1]
}
const oldNames = ['advanced', 'webhook']

const hostile: Record<string, unknown> = {
  ...{ bigint: 987_654, integer: 987_654, smallint: 0, text: 'hostile', boolean: true, uuid: nobodys[1] },
  ...{ 'timestamp with time zone': '2001-01-01T00:00:00Z', jsonb: [{ hostile: true }], json: [], ARRAY: ['hostile'] },
  ...{ bytea: '\\x00', inet: '203.0.113.99' },
}

/** Every column of a table but those that are fields, in both spellings, with a value that would be noticed. */
async function columnsAsFields(table: string, fields: string[]) {
  const { rows } = await site.db.pool.query<{ name: string; type: string }>(
    'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = $1',
    [table],
  )
  const extra = rows.filter(({ name }) => ![...fields, ...oldNames].includes(name))
  expect(extra.filter(({ type }) => !(type in hostile))).toEqual([])
  return Object.fromEntries(
    extra.flatMap(({ name, type }) =>
      [name, name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())].map((key) => [key, hostile[type]]),
    ),
  )
}

it('no column is assigned that is not a field, by any operation that takes a body', async () => {
  const writing = callable().filter(({ example }) => example !== undefined)
  expect(writing.map(({ id }) => id).sort()).toEqual([
    ...[
      'createLink',
      'createRecipients',
      'createToken',
      'createWebhook',
      'editLink',
      'editLinkByPatch',
      'editLinkByPost',
    ],
    ...['editWebhook', 'editWebhookByPatch', 'editWebhookByPost', 'eraseRecipient'],
  ])
  for (const operation of writing) {
    const table = tableOf(operation)
    // What owners may not say of recipients, they may not say of one of a list either.
    const inList = operation.id === 'createRecipients'
    const fields = inList ? ['mobile', 'message_id', 'sent_at'] : operation.fields
    const columns = await columnsAsFields(table, fields)
    expect(Object.keys(columns).length).toBeGreaterThan(5)
    // Fields of a credential that nobody knows are refused instead.
    if (operation.id === 'createToken') {
      const payload = { ...operation.example, ...columns }
      const answer = await site.app.inject({ ...requestOf(operation, []), payload, headers: site.as(6, everything) })
      expect([answer.statusCode, Object.keys(answer.json().errors)]).toEqual([422, Object.keys(columns)])
      continue
    }
    const rowsAfter = async (more: object) => {
      const own = await newThings(site, 6)
      const body = inList
        ? { ...more, recipients: [{ mobile: '447700900999', ...more }] }
        : { ...operation.example, slug: undefined, ...more }
      const answer = await site.app.inject({
        ...requestOf(operation, operation.parameters.length > 0 ? namedBy(operation.path, own) : []),
        headers: site.as(6, everything),
        payload: body,
      })
      expect([operation.id, answer.statusCode]).toEqual([operation.id, 200])
      const { rows } = await site.db.pool.query<{ row: Record<string, unknown> }>(
        `SELECT to_jsonb(t) AS row FROM ${table} t WHERE user_id = 6 ORDER BY xmin::text::bigint DESC, ctid DESC LIMIT 1`,
      )
      return plain(rows[0]?.row ?? {}, own)
    }
    expect([operation.id, await rowsAfter(columns)]).toEqual([operation.id, await rowsAfter({})])
  }
  const { rows } = await site.db.pool.query('SELECT FROM owners WHERE id = 987654')
  expect(rows).toEqual([])
})

/** A row without what differs between two that were made alike: ids, codes and times of now. */
function plain(row: Record<string, unknown>, own: Things): Record<string, unknown> {
  const unlike = ['id', 'link_id', 'token', 'token_hash', 'verification_code', 'secret', 'account_seq', 'webhook_id']
  const now = ['created_at', 'updated_at', 'last_visited', 'first_visit', 'last_visit', 'last_recorded_at', 'erased_at']
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (now.includes(name)) return [name, String(value) < '2002' ? value : 'now']
      if (unlike.includes(name)) return [name, String(value).includes('hostile') || value === 987_654 ? value : 'own']
      return [name, value === own.secrets.mobile ? 'mobile' : value]
    }),
  )
}

it('no answer shows more than the token may see: no number, no secret, no hash', async () => {
  const own = await newThings(site, 7)
  const { rows } = await site.db.pool.query(
    'SELECT token_hash, verification_code FROM access_tokens JOIN webhooks USING (user_id) WHERE user_id = 7',
  )
  const [{ token_hash: hash, verification_code: code }] = rows
  const { mobile, webhookSecret, tokenText } = own.secrets
  const shown = { showVerificationCode: code }
  const withoutNumbers = scopes.filter((scope) => scope !== 'visits:pii').join(' ')
  let answers = 0
  for (const operation of callable().filter(({ method, isEndless }) => method === 'GET' && !isEndless)) {
    const { url } = requestOf(operation, operation.parameters.length > 0 ? namedBy(operation.path, own) : [])
    const queries = operation.query.some(({ name }) => name === 'format')
      ? ['?format=csv', '?format=ndjson']
      : ['', '?include=settings']
    for (const query of queries) {
      const { statusCode, body } = await site.app.inject({ url: url + query, headers: site.as(7, withoutNumbers) })
      if (statusCode !== 200) continue
      answers += 1
      const secrets = [mobile, webhookSecret, tokenText, hash.toString('hex'), hash.toString('base64'), code]
      const seen = secrets.filter((secret) => body.includes(secret))
      expect([operation.id, seen]).toEqual([operation.id, operation.id in shown ? [code] : []])
    }
  }
  expect(answers).toBeGreaterThan(15)
  const pii = await site.app.inject({
    url: `/link/urls/${own.link}/visits`,
    headers: site.as(7, 'visits:read visits:pii'),
  })
  expect(pii.body).toContain(mobile)
})
