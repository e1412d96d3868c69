import fc from 'fast-check'
import { expect, it } from 'vitest'
import { testSecret } from '../support/app.js'
import { testDatabase } from '../support/database.js'
import { readDocument } from '../support/document.js'
import { type ApiDocument, operationsIn } from '../support/operations.js'
import { startServerProcess } from '../support/server-process.js'
import { callerOf } from './fuzz/callers.js'
import { answeredBy, undocumented } from './fuzz/checks.js'
import type { Draft } from './fuzz/draft.js'
import { exchange } from './fuzz/exchange.js'
import { marksIn } from './fuzz/leaks.js'
import { requestsOf } from './fuzz/requests.js'
import { type Ask, type Asked, openWorld, other, own, ownerHeaders, strangerTo } from './fuzz/world.js'
import { writeRequest } from './fuzz/writing.js'

const numRuns = Number(process.env.FUZZ_REQUESTS ?? 3000)
const seed = Number(process.env.FUZZ_SEED ?? 1)
/** Servers that are asked at the same time: much of the time one waits, for what a stream or a long poll does not say. */
const servers = 3

it(`${numRuns} broken requests are answered as documented, never with a 5xx or what belongs to others (FUZZ_SEED=${seed})`, {
  timeout: 60_000 + numRuns * 400,
}, async () => {
  const runs = await Promise.all(
    Array.from({ length: servers }, (_, at) => askBroken(Math.ceil(numRuns / servers), seed * servers + at)),
  )
  const [{ operations = [] } = {}] = runs
  const isRight = (id: string) =>
    runs.some(({ wasAnswered }) => [...(wasAnswered.get(id) ?? [])].some((status) => status < 400))
  expect(operations.map(({ id }) => id).filter((id) => !isRight(id))).toEqual([])
  const statuses = new Map<number, number>()
  for (const run of runs)
    for (const [status, times] of run.statuses) statuses.set(status, (statuses.get(status) ?? 0) + times)
  expect(new Set([...statuses.keys()].map((status) => Math.floor(status / 100)))).toEqual(new Set([2, 3, 4]))
  for (const { seen, sent } of runs) {
    for (const { ownMarks } of seen.values()) expect(ownMarks).toBeGreaterThan(sent / 10)
  }
  const sent = runs.reduce((sum, run) => sum + run.sent, 0)
  console.log(`fuzz: ${sent} requests, FUZZ_SEED=${seed}:`, Object.fromEntries([...statuses].sort(([a], [b]) => a - b)))
})

/** Sends broken requests to a server of its own, one after the other. */
async function askBroken(numRuns: number, seed: number) {
  const { db, url } = await testDatabase()
  const server = startServerProcess({
    DATABASE_URL: url,
    JWT_SECRET: testSecret,
    PUBLIC_URL: 'https://api.example.com',
    RATE_LIMIT: '0',
    AUTH_FAILURES_LIMIT: '0',
    STREAM_HEARTBEAT_MS: '50',
    REQUEST_TIMEOUT_MS: '1000',
  })
  const address = await server.address()
  const port = Number(new URL(address).port)
  const described = (await (await fetch(`${address}/openapi.json`)).json()) as ApiDocument
  const operations = operationsIn(described)
  const document = readDocument(described)

  const ask: Ask = async (whose, method, path, fields) => {
    const headers = { ...ownerHeaders(whose), 'content-type': 'application/json' }
    const answer = await fetch(address + path, { method, headers, ...(fields && { body: JSON.stringify(fields) }) })
    expect([path, answer.status]).toEqual([path, 200])
    return { body: (await answer.json()) as Asked['body'], headers: Object.fromEntries(answer.headers) }
  }
  const world = await openWorld(db, ask)
  const wasAnswered = new Map<string, Set<number>>()
  const statuses = new Map<number, number>()
  const seen = new Map([own, other].map((whose) => [whose, { said: new Set<string>(), ownMarks: 0 }]))
  let sent = 0

  const run = async (draft: Draft) => {
    const caller = callerOf(draft.caller, world)
    const { bytes, target, said } = writeRequest(draft, (text) => world.resolve(text, caller.whose, draft.set), caller)
    const answer = await exchange(port, bytes)
    sent++
    const text = `${JSON.stringify(answer.headers)}\n${answer.body.toString()}`
    const show = () => `${bytes.toString('latin1').slice(0, 3000)}\n→ ${answer.status} ${text.slice(0, 3000)}`
    if (answer.status >= 500) throw new Error(show())
    const problem = undocumented(document, operations, draft, target, answer)
    if (problem !== null) throw new Error(`${problem}\n${show()}`)

    const part = seen.get(caller.whose) ?? { said: new Set<string>(), ownMarks: 0 }
    const stranger = strangerTo(caller.whose)
    const foreign = marksIn(text, stranger, world.idsOf(stranger))
    for (const mark of marksIn(said, stranger, world.idsOf(stranger))) part.said.add(mark)
    // A page of that number has one before it.
    const isSaid = (mark: string) =>
      [...part.said].some((text) => text.includes(mark) || text.includes(String(Number(mark) + 1)))
    const leaked = foreign.filter((mark) => !isSaid(mark))
    // Whoever has a short URL may follow it.
    const isOpened = draft.path === '/{token}'
    if (leaked.length > 0 && !isOpened) throw new Error(`shows ${leaked.join(', ')}\n${show()}`)
    const owned = marksIn(text, caller.whose, world.idsOf(caller.whose)).filter((mark) => !said.includes(mark))
    if (caller.isKnown) part.ownMarks += owned.length
    else if (owned.length > 0 && !isOpened) throw new Error(`shows ${owned.join(', ')}\n${show()}`)

    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    const [id, ...others] = answeredBy(operations, draft, target)
    if (typeof id === 'string' && others.length === 0) {
      wasAnswered.set(id, (wasAnswered.get(id) ?? new Set()).add(answer.status))
    }
    if (/(Deleted|Revoked) Successfully/.test(text) || sent % 100 === 0) await world.renew(caller.whose)
  }

  const request = fc.oneof(...operations.map(requestsOf))
  await fc.assert(fc.asyncProperty(request, run), {
    numRuns,
    seed,
    // A smaller request would be nice, but what is tried on the way there has filled the memory before.
    endOnFailure: true,
    interruptAfterTimeLimit: 60_000 + numRuns * 390,
    markInterruptAsFailure: true,
  })
  return { operations, wasAnswered, statuses, seen, sent }
}
