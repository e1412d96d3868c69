import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSource, sourceAddress } from '../../src/imports/api/source.js'

const token = 'a-token-that-nobody-may-see'

/** A server that answers as the test says, and one that asks it, on a clock that only waiting moves. */
async function setUp(answer: RequestListener, perMinute = 60_000) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const said: string[] = []
  const time = { ms: 0 }
  const clock = {
    now: () => time.ms,
    wait: async (milliseconds: number) => {
      time.ms += milliseconds
    },
  }
  const abort = new AbortController()
  const say = (line: string) => said.push(line.replace(origin, 'ORIGIN'))
  const source = openSource({ address: `${origin}/api/v2`, token, perMinute, signal: abort.signal, say, clock })
  const problem = () =>
    source.get('link/urls').then(String, (error: Error) => error.message.replaceAll(origin, 'ORIGIN'))
  return { source, said, time, problem, abort, server, origin }
}

/** Answers, one for each request, the last of them for ever. */
function inTurn(...answers: [status: number, headers?: Record<string, string>, body?: string][]): RequestListener {
  let nth = 0
  return (_, response) => {
    const [status, headers = {}, body = '{"data":1}'] = answers[Math.min(nth++, answers.length - 1)] ?? [500]
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }
}

describe('the endpoint', () => {
  it.each([
    ['https://Example.com/api/v2/', 'https://example.com/api/v2'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['https://example.com//', 'https://example.com'],
  ])('is an address with or without slashes at its end: %s', (text, address) => {
    expect(sourceAddress(text)).toBe(address)
  })

  it.each(['example.com', 'ftp://example.com', 'file:///etc/passwd', ''])('is http or https: %s', (text) => {
    expect(() => sourceAddress(text)).toThrow(
      'The endpoint must be an http or https address such as https://example.com/api/v2/.',
    )
  })

  it.each(['https://me:secret@example.com', 'https://example.com/?access_token=secret', 'https://example.com/#secret'])(
    'has no place for secrets: %s',
    (text) => {
      expect(() => sourceAddress(text)).toThrow(
        /^The endpoint must be an address without credentials, query and fragment\.$/,
      )
    },
  )
})

describe('a request', () => {
  it('carries the token as a header only, and asks below the endpoint', async () => {
    const asked: unknown[] = []
    const { source } = await setUp(({ url, headers, method }, response) => {
      asked.push([method, url, headers.authorization, headers.accept])
      response.end('{}')
    })
    await source.get('link/urls', { per_page: 100, cursor: 'a+b' })
    expect(asked).toEqual([
      ['GET', '/api/v2/link/urls?per_page=100&cursor=a%2Bb', `Bearer ${token}`, 'application/json'],
    ])
  })

  it('waits its turn', async () => {
    const { source, time } = await setUp(inTurn([200]), 900)
    for (let nth = 0; nth < 10; nth++) await source.get('x')
    expect(time.ms).toBeCloseTo(9 * (60_000 / 900))
  })

  it('comes less often where the server allows less, and rests when little is left of what the account may', async () => {
    const { source, time } = await setUp(
      inTurn([200, { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '30' }]),
      900,
    )
    for (let nth = 0; nth < 3; nth++) await source.get('x')
    expect(time.ms).toBeCloseTo(60_000 / 900 + 60_000 / 54, 3)
    const low = await setUp(inTurn([200, { 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '49' }]), 900)
    for (let nth = 0; nth < 3; nth++) await low.source.get('x')
    expect(low.time.ms).toBe(10_000)
  })

  it('is made again after the rest that a 429 or 503 asks for', async () => {
    const { source, time, said } = await setUp(
      inTurn([429, { 'retry-after': '17' }], [503, { 'retry-after': '8' }], [429], [200]),
    )
    expect(await source.get('x')).toEqual({ data: 1 })
    expect(time.ms).toBe(17_000 + 8_000 + 60_000)
    expect(said).toEqual([
      'ORIGIN asks for a rest (429); going on in 17 s',
      'ORIGIN answers 503; going on in 8 s',
      'ORIGIN asks for a rest (429); going on in 60 s',
    ])
  })

  it('is made again, later and later, when the connection breaks or the server fails', async () => {
    let nth = 0
    const { source, time } = await setUp((request, response) => {
      nth += 1
      if (nth === 1) request.socket.destroy()
      else if (nth === 2) response.writeHead(200, { 'content-length': '100' }).write('{')
      else if (nth === 3) response.writeHead(502).end()
      else response.end('{}')
      if (nth === 2) setImmediate(() => request.socket.destroy())
    })
    expect(await source.get('x')).toEqual({})
    expect(nth).toBe(4)
    expect(time.ms).toBeGreaterThan(500 + 1000 + 2000 - 1)
  })

  it('is given up after ten times, or when it is to wait for hours', async () => {
    const failing = await setUp(inTurn([500]))
    expect(await failing.problem()).toBe('ORIGIN answers 500, 10 times in a row')
    const slow = await setUp(inTurn([429, { 'retry-after': '7200' }]))
    expect(await slow.problem()).toBe('ORIGIN asks for a rest (429), for 120 minutes')
    const { problem, server } = await setUp(inTurn([200]))
    server.close()
    server.closeAllConnections()
    expect(await problem()).toBe('ORIGIN cannot be reached (ECONNREFUSED), 10 times in a row')
  })

  it('ends at once when the command is interrupted', async () => {
    const { source, abort } = await setUp(() => abort.abort())
    await expect(source.get('x')).rejects.toThrow('This operation was aborted')
  })
})

describe('an answer that is no use is said in one line', () => {
  it.each<[string, RequestListener, string]>([
    [
      'a refusal',
      inTurn([401, {}, '{"message":"Token is not allowed from this ip:1.2.3.4"}']),
      'ORIGIN answers 401: Token is not allowed from this ip:1.2.3.4',
    ],
    [
      'one that repeats the token',
      inTurn([403, {}, `{"message":"${token} is\\u001b[31m bad"}`]),
      'ORIGIN answers 403: *** is\\u001b[31m bad',
    ],
    ['one with control characters', inTurn([404, {}, '{"message":"a\u001b\nb"}']), 'ORIGIN answers 404: a  b'],
    [
      'a page',
      inTurn([200, { 'content-type': 'text/html' }, '<html>']),
      'ORIGIN answers with text/html instead of JSON: is the endpoint right?',
    ],
    [
      'a redirect',
      inTurn([301, { location: 'https://elsewhere.example/secret' }]),
      'ORIGIN leads to https://elsewhere.example: give that address.',
    ],
  ])('%s', async (_, answer, text) => {
    const { problem } = await setUp(answer)
    expect(await problem()).toBe(text)
  })

  it('too much', async () => {
    const { problem } = await setUp((_, response) => {
      const piece = Buffer.alloc(2 ** 20, ' ')
      const more = () => {
        while (response.write(piece)) {}
        response.once('drain', more)
      }
      more()
    })
    expect(await problem()).toBe(`An answer has more than ${64 * 2 ** 20} bytes.`)
  })
})
