import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp, type TestApp } from '../support/app.js'
import { type Answer, type ReadDocument, readDocument } from '../support/document.js'

let site: TestApp
let document: ReadDocument
beforeAll(async () => {
  site = await openApp()
  document = readDocument(site.app.swagger())
})
afterAll(() => site.close())

const headers = { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'x' }
const ok = { status: 'OK', code: 200, message: 'OK', data: [] }
const answer = (changes: Partial<Answer> = {}, body: object = ok): Answer => ({
  ...{ status: 200, headers, isHead: false, payload: JSON.stringify(body) },
  ...changes,
})

it('an answer as documented has no problem', () => {
  expect(document.problemOf('health', answer())).toBe(null)
  expect(document.problemOf('health', answer({ isHead: true, payload: null }))).toBe(null)
})

it.each<[string, Answer]>([
  ['this status is not documented', answer({ status: 202 })],
  ['without X-Request-Id', answer({ headers: { 'content-type': 'application/json' } })],
  ['the type text/html is not documented', answer({ headers: { ...headers, 'content-type': 'text/html' } })],
  ['body must NOT have additional properties', answer({}, { ...ok, extra: 1 })],
  ['body/message must be equal to constant', answer({}, { ...ok, message: 'Fine' })],
  ['body/data must NOT have more than 0 items, body/data/0 must NOT be valid', answer({}, { ...ok, data: [1] })],
])('is found out: %s', (problem, wrong) => {
  expect(document.problemOf('health', wrong)).toBe(problem)
})

it('an error of an operation must be one that the operation can give', () => {
  const missing = { status: 'ERROR', code: 404, message: 'No results found', data: [] }
  const given = answer({ status: 404 }, missing)
  expect(document.problemOf('health', given)).toBe('this status is not documented')
  expect(document.problemOf('showLink', given)).toBe(null)
  expect(document.problemOfError(given)).toBe(null)
  expect(document.problemOfError(answer({ status: 404 }, { ...missing, code: 400 }))).toBe('the code is not the status')
  expect(document.problemOfError(answer())).toBe('no error that is documented')
})
