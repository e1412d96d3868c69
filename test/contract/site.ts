import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { linksApart } from '../../src/accounts/repository.js'
import { openApp, type TestApp } from '../support/app.js'
import type { SentBody } from '../support/body-forms.js'
import type { Answer } from './answers.js'
import { type Answered, ask } from './ask.js'
import { fill, fillKnown, type Known } from './placeholders.js'

/** Whoever asks in a case. */
export interface CaseOwner {
  site: TestApp
  id: number
  known: Known
}

/** Something that is there before the request of a case. */
export type Given = (owner: CaseOwner) => Promise<void>

export interface Request {
  given?: Given[]
  /** Requests made before: `PUT /link/urls/20 {"title":"x"}`. */
  after?: string[]
  /** Scopes of the token, without which it may do everything but see numbers; null: no token at all. */
  as?: string | null
  headers?: Record<string, string>
  body?: SentBody
}

/** A case: what is asked, such as `GET /link/urls/20`, and the whole answer. */
export type Answers = (title: string, line: string, request: Request, answer: Answer) => void

let owners = 1000

/**
 * The whole server on a port, for the file that calls it. Each case is a test of its own: an owner whom nobody else is asks over
 * a socket, and status, headers and body are compared whole, the body to the byte.
 */
export function contract(env: Record<string, string> = {}): Answers {
  const config = {
    PUBLIC_URL: 'https://api.example.com',
    SHORT_URL: 'https://s.example.com',
    RATE_LIMIT: '1000',
    ...env,
  }
  let site: TestApp
  beforeAll(async () => {
    site = await openApp({ env: config })
    await site.app.listen({ port: 0, host: '127.0.0.1' })
  })
  afterAll(() => site.close())

  return (title, line, { given = [], after = [], as, headers = {}, body }, answer) => {
    it(`${line}: ${title} → ${answer.status}`, async () => {
      const owner = newOwner(site)
      for (const give of given) await give(owner)
      const token = as === null ? {} : site.as(owner.id, as)
      const send = sender(owner, { host: 'api.example.com', ...token, ...headers })
      for (const earlier of after) await send(earlier)
      const got = await send(line, body)
      const limit = Number(config.RATE_LIMIT)
      const counted = { 'x-ratelimit-limit': `${limit}`, 'x-ratelimit-remaining': `${limit - after.length - 1}` }
      compare(got, answer.isCounted ? { ...answer, headers: { ...counted, ...answer.headers } } : answer, owner.known)
    })
  }
}

function newOwner(site: TestApp): CaseOwner {
  const id = ++owners
  const known: Known = new Map<string, string | number>([['owner', `${id}`]])
  return { site, id, known: known.set('owner number', id).set('id new', id * linksApart + 1) }
}

/** Sends what a line says, with what is known in place of placeholders. */
function sender({ site, known }: CaseOwner, headers: Record<string, string>) {
  const { port } = site.app.server.address() as AddressInfo
  const filled = Object.entries(headers).map(([name, value]) => [name, fillKnown(value, known)])
  return (line: string, given?: SentBody): Promise<Answered> => {
    const [method = '', path = '', text] = fillKnown(line, known).split(/ (\S+)(?: (.*))?/s)
    const body = given ?? (text ? { headers: {}, payload: text } : undefined)
    const payload = fillKnown(body?.payload ?? '', known)
    return ask({ port, method, path, headers: Object.fromEntries(filled), body: body && { ...body, payload } })
  }
}

/** Headers that the contract speaks of, or that say what the body is: no other one of them may be there. */
const compared = [
  ...['content-type', 'content-disposition', 'location', 'allow', 'www-authenticate', 'cache-control', 'etag'],
  ...['retry-after', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
]

function compare({ status, headers, body }: Answered, answer: Answer, known: Known): void {
  const actual = Object.fromEntries(compared.flatMap((name) => (name in headers ? [[name, headers[name]]] : [])))
  const wanted = { status: answer.status, headers: fill(answer.headers, actual, known) }
  expect({ status, headers: actual }).toEqual(wanted)
  expect(headers['x-request-id']).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
  if (typeof answer.body === 'string') {
    expect(body).toBe(fill(answer.body, body, known))
  } else {
    const whole = fill(answer.body, JSON.parse(body), known)
    expect(JSON.parse(body)).toEqual(whole)
    expect(body).toBe(JSON.stringify(whole))
  }
}
