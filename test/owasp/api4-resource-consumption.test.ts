/** OWASP API Security Top 10 (2023), API4 unrestricted resource consumption. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'
import { namedBy, newThings, type Things } from '../support/two-accounts.js'

let site: TestApp
let operations: Operation[]
let mine: Things
beforeAll(async () => {
  site = await openApp()
  operations = await operationsOf(site)
  mine = await newThings(site, 1)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const nobodys = ['900000001', '01a206d4-16b5-7f4f-98b7-970dc78e479a']

const bodied = () => callable().filter(({ example }) => example !== undefined)
const own = (operation: Operation) => (operation.parameters.length > 0 ? namedBy(operation.path, mine) : [])

it('no body is larger than its operation takes, nor deeper, nor has it more of anything', async () => {
  const large = 'x'.repeat(8 * 1024 * 1024)
  for (const operation of bodied()) {
    const send = async (payload: string, type = 'application/json') => {
      const headers = { ...site.as(1, everything), 'content-type': type }
      return (await site.app.inject({ ...requestOf(operation, own(operation)), headers, payload })).statusCode
    }
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const statuses = [
      await send(JSON.stringify({ a: large })),
      await send(`a=${large}`, 'application/x-www-form-urlencoded'),
      await send(
        `--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n${large}\r\n--b--`,
        'multipart/form-data; boundary=b',
      ),
      await send(deep),
      await send('a&'.repeat(2000), 'application/x-www-form-urlencoded'),
    ]
    expect([operation.id, statuses]).toEqual([operation.id, [413, 413, 413, 400, 413]])
  }
})

it('no text is longer than its field takes, and no list has more', async () => {
  const long = 'x'.repeat(100_000)
  const many = Array.from({ length: 20_000 }, (_, nth) => `item${nth}`)
  for (const operation of bodied()) {
    for (const field of operation.fields) {
      const wide = Object.fromEntries(many.map((name) => [name, name]))
      for (const [value, status] of [
        [long, 422],
        [many, 422],
        [wide, 413],
      ] as const) {
        const { statusCode } = await site.app.inject({
          ...requestOf(operation, own(operation)),
          headers: site.as(1, everything),
          payload: { ...operation.example, [field]: value },
        })
        expect([operation.id, field, typeof value, statusCode]).toEqual([operation.id, field, typeof value, status])
      }
    }
  }
})

it('no answer is asked for that is larger, or waits longer, than is documented', async () => {
  const limited = callable().flatMap((operation) =>
    operation.query
      .filter(({ schema }) => schema.maximum !== undefined)
      .map(({ name, schema }) => ({ operation, name, schema })),
  )
  expect(new Set(limited.map(({ name }) => name))).toEqual(
    expect.objectContaining(new Set(['per_page', 'limit', 'wait'])),
  )
  for (const { operation, name, schema } of limited) {
    const { url } = requestOf(operation, own(operation))
    for (const value of [Number(schema.maximum) + 1, 1e9, '1'.repeat(1000)]) {
      const { statusCode } = await site.app.inject({
        url: `${url}?${name}=${value}`,
        headers: site.as(1, everything),
      })
      expect([operation.id, name, statusCode]).toEqual([operation.id, name, 422])
    }
  }
})

it('requests are counted whatever they ask for, and refused when there are too many', async () => {
  const limitedSite = await testApp({ env: { RATE_LIMIT: '5' } })
  const counted = callable().filter(({ isEndless }) => !isEndless)
  const statuses: number[] = []
  for (const operation of counted.slice(0, 10)) {
    const request = requestOf(
      operation,
      operation.parameters.map(() => nobodys[0] ?? ''),
    )
    statuses.push((await limitedSite.app.inject({ ...request, headers: limitedSite.as(1, everything) })).statusCode)
  }
  expect(statuses.slice(0, 5)).not.toContain(429)
  expect(statuses.slice(5)).toEqual(Array(5).fill(429))
})
