/** OWASP API Security Top 10 (2023), API8 security misconfiguration. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scopes } from '../../src/accounts/scopes.js'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { type Operation, operationsOf, requestOf } from '../support/operations.js'

let site: TestApp
let operations: Operation[]
const errors: string[] = []
beforeAll(async () => {
  site = await openApp({ log: { level: 'error', stream: { write: (line) => errors.push(line) } } })
  operations = await operationsOf(site)
})
afterAll(() => site.close())

const everything = scopes.join(' ')
const ask = (operation: Operation, ids: string[], headers: Record<string, string>) =>
  site.app.inject({ ...requestOf(operation, ids), headers })
const callable = () => operations.filter(({ needsCaller }) => needsCaller)
const nobodys = ['900000001', '01a206d4-16b5-7f4f-98b7-970dc78e479a']
const envelope = (code: number, message: string) => ({ status: 'ERROR', code, message, data: [] })

const names = [
  'content-security-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
]

it('every operation answers with headers that browsers are told by, and no name or version of anything', async () => {
  for (const operation of operations.filter(({ id, isEndless }) => id !== 'openLink' && !isEndless)) {
    for (const headers of [{}, site.as(11, everything)] as Record<string, string>[]) {
      const answer = await ask(
        operation,
        operation.parameters.map(() => nobodys[0] ?? ''),
        headers,
      )
      const missing = id(operation) === 'robots' ? [] : names.filter((name) => answer.headers[name] === undefined)
      expect([operation.id, answer.statusCode, missing]).toEqual([operation.id, answer.statusCode, []])
      expect(Object.keys(answer.headers).filter((name) => /^(server|x-powered-by|via)$/.test(name))).toEqual([])
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  }
})

const id = (operation: Operation) => operation.id

it('a failure says nothing of what is inside, in the envelope like every other error', async () => {
  const broken = await testApp({
    log: { level: 'silent' },
    extend: (app) => {
      app.get('/fails', async () => {
        throw new Error('relation "owners" at /srv/app/src/x.ts:1 password=hunter2')
      })
    },
  })
  const answer = await broken.app.inject({ url: '/fails', headers: broken.as(1) })
  expect(answer.json()).toEqual(envelope(500, 'Server Error'))
  expect(JSON.stringify(answer.headers)).not.toMatch(/hunter2|\.ts|node_modules/)
})

it('verbs that nobody needs do nothing', async () => {
  for (const { path } of callable()) {
    for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'PURGE'] as const) {
      const url = path.replace(/\{\w+\}/g, '1')
      const { statusCode, body } = await site.app.inject({
        method: method as 'OPTIONS',
        url,
        headers: { 'x-secret': 'echo' },
      })
      expect([method, path, statusCode]).toEqual([method, path, 405])
      expect(body).not.toContain('echo')
    }
  }
})

it('nothing of this file was a failure of the server', () => {
  expect(errors).toEqual([])
})
