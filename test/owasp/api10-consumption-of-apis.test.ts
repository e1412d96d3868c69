import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { importFromApi } from '../../src/imports/api/import.js'
import { openSource } from '../../src/imports/api/source.js'
import { testDatabase } from '../support/database.js'
import { startReceiver } from '../support/receiver.js'

const token = 'the-token-of-the-other-server'

type Answering = (path: string, query: URLSearchParams, response: ServerResponse, request: IncomingMessage) => unknown

/** Copies from a server that answers as the test says: a value as JSON, or by itself. */
async function copyFrom(answering: Answering) {
  const { db } = await testDatabase()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://other.example')
    asked.push(url.pathname + url.search)
    const answer = answering(url.pathname, url.searchParams, response, request)
    if (answer !== undefined) response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const signal = new AbortController().signal
  const time = { ms: 0 }
  const clock = {
    now: () => time.ms,
    wait: async (ms: number) => {
      time.ms += ms
    },
  }
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const source = openSource({ address: `http://127.0.0.1:${port}`, token, perMinute: 900, signal, say, clock })
  const options = { source, ownerId: 1, zone: 'UTC', config: { targetSchemes: ['https'], outputZone: 'UTC' }, signal }
  const outcome = await importFromApi(db, options, { say, copying: () => {} }).catch((error: unknown) => {
    return (error as Error).message.replace(String(port), 'PORT')
  })
  const { rows } = await db.pool.query(
    'SELECT (SELECT count(*)::int FROM links) AS links, (SELECT count(*)::int FROM visits) AS visits',
  )
  return { outcome, asked, said, stored: rows[0] }
}

const page = (data: unknown[], total = data.length, perPage = 100) => ({ data, meta: { per_page: perPage, total } })
const link = (id: unknown, more: object = {}) => ({
  id,
  title: 'x',
  long_url: 'https://example.com',
  visits: 0,
  ...more,
})
const visit = (nth: number) => ({
  id: `835b7433-0aaf-457c-88e7-${String(nth).padStart(12, '0')}`,
  created_at: '2022-10-31 10:07:27',
  link_id: '20',
})
/** Of a server without feeds. */
const missing: Answering = (_, __, response) => void response.writeHead(404).end('{"message":"Not Found"}')
const isList = (path: string) => path === '/link/urls'

describe('a server that is copied from', () => {
  it('gets the token, and no other server does, wherever it leads', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const elsewhere = await startReceiver()
      const { outcome, stored } = await copyFrom((_, __, response) => {
        response.writeHead(status, { location: `${elsewhere.url}/api/v2/` }).end()
      })
      expect(outcome).toBe(`http://127.0.0.1:PORT leads to ${elsewhere.url}: give that address.`)
      expect(elsewhere.received).toEqual([])
      expect(stored).toEqual({ links: 0, visits: 0 })
    }
    const elsewhere = await startReceiver()
    const urls = { first: elsewhere.url, next: `${elsewhere.url}/?page=2`, last: elsewhere.url, prev: null }
    const { asked } = await copyFrom((path, query, response, request) => {
      if (!isList(path)) return missing(path, query, response, request)
      return { ...page([link(20, { short_url: elsewhere.url })]), links: urls }
    })
    expect(elsewhere.received).toEqual([])
    expect(asked.join()).not.toContain(token)
  })

  it('cannot fill the memory with one answer', async () => {
    const { outcome } = await copyFrom((_, __, response) => {
      const piece = Buffer.alloc(2 ** 20, ' ')
      const more = () => {
        while (response.write(piece)) {}
        response.once('drain', more)
      }
      more()
    })
    expect(outcome).toBe('An answer has more than 67108864 bytes.')
  })

  it('cannot be listened to for ever: the same page again, or one cursor, or a total that nobody reaches', async () => {
    const full = Array.from({ length: 100 }, (_, nth) => link(nth + 1))
    const samePage = await copyFrom((path, ...rest) => (isList(path) ? page(full, 1e12) : missing(path, ...rest)))
    expect(samePage.outcome).toBe('The list of links does not agree with its own total.')
    expect(samePage.asked.length).toBeLessThan(20)
    const rows = Array.from({ length: 1000 }, (_, nth) => visit(nth))
    const sameCursor = await copyFrom((path) => {
      return isList(path) ? page([link(20)]) : { data: rows, meta: { next_cursor: 'again' } }
    })
    expect(sameCursor.outcome).toBe('The feed of visits does not go on: its cursor stays the same.')
    expect(sameCursor.stored).toEqual({ links: 1, visits: 1000 })
    const visits = Array.from({ length: 100 }, (_, nth) => visit(nth))
    const total = await copyFrom((path, query, response, request) => {
      if (isList(path)) return page([link(20, { visits: 1e9 })])
      if (/visits$/.test(path)) return page(visits, 1e9)
      return missing(path, query, response, request)
    })
    expect(total.outcome).toBe('The pages of a list do not agree with its total.')
    expect(total.asked.length).toBeLessThan(200)
  })

  it.each<[string, unknown]>([
    ['no object', '"text"'],
    ['null', null],
    ['without data', { meta: { per_page: 100, total: 1 } }],
    ['data that is no list', { data: { 0: link(20) }, meta: { per_page: 100, total: 1 } }],
    ['rows that are no objects', page(['x', 7, null])],
    ['a size of pages that is none', page([link(20)], 1, 0)],
    ['a negative total', page([link(20)], -1)],
    ['a total that is none', page([link(20)], Number.NaN)],
    ['links without a number', page([link(null)])],
    ['links with a number that is SQL', page([link('1; DROP TABLE links')])],
    ['links with a number that is a path', page([link('../../owners')])],
    ['links with a number past 2^53', page([link('9007199254740993')])],
  ])('is left, with one line, when it answers with %s', async (_, answer) => {
    const { outcome, stored } = await copyFrom((path, ...rest) =>
      isList(path) ? (answer ?? null) : missing(path, ...rest),
    )
    expect(outcome).toMatch(/^The answer to the list of links is not as expected: /)
    expect(String(outcome)).not.toContain('\n')
    expect(stored).toEqual({ links: 0, visits: 0 })
  })

  it('decides no target that a person could not set, and no owner', async () => {
    const evil = [
      link(20, { long_url: 'javascript:alert(1)', user_id: 2 }),
      link(21, { long_url: 'https://ok.example', token: '../../x', user_id: '2', deleted_at: 'x' }),
      link(22, {
        long_url: { toString: 'x' },
        title: { $gt: '' },
        rules: [{ when: {}, long_url: 'file:///etc/passwd' }],
      }),
    ]
    const { outcome, said } = await copyFrom((path, query, response, request) => {
      if (isList(path)) return page(evil)
      if (path === '/link/urls/20/visits') return page([{ ...visit(1), user_id: '2', link_id: '999' }])
      if (/visits$/.test(path)) return page([])
      return missing(path, query, response, request)
    })
    expect(outcome).toMatchObject({ ownerId: 1, links: 3 })
    expect(said.join('\n')).toMatch(/link 20: it is inactive here/)
  })

  it('says nothing to the terminal but plain text', async () => {
    const { outcome } = await copyFrom((_, __, response) => {
      response.writeHead(403).end(`{"message":"\u001b]0;owned\u0007 ${token} \u001b[2J"}`)
    })
    expect(outcome).toBe('http://127.0.0.1:PORT answers 403: ]0;owned  ***  [2J')
  })
})
