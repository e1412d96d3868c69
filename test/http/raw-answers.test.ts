import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp, type TestApp, testApp } from '../support/app.js'
import { everything, parseAnswer, type RawAnswer, rawConnection, rawRequest } from '../support/raw-http.js'

let site: TestApp
beforeAll(async () => {
  site = await openApp()
})
afterAll(() => site.close())

const send = (text: string) => rawRequest(site.app, text)
const request = (line: string, ...headers: string[]) => [line, 'Connection: close', ...headers, '', ''].join('\r\n')

function expectRefusal(answer: RawAnswer, code: number, message: string): void {
  expect(answer.status).toBe(code)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.body).toBe(JSON.stringify({ status: 'ERROR', code, message, data: [] }))
  expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.body)))
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.headers.connection).toBe('close')
}

it.each([
  ['a line that is none', 'hello\r\n\r\n'],
  ['a verb that HTTP does not have', request('FOO / HTTP/1.1', 'Host: a')],
  ['another protocol version', request('GET / HTTP/9.9', 'Host: a')],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a header without a colon', request('GET /health HTTP/1.1', 'Host: a', 'oops')],
  ['a header folded with a bare line feed', 'GET /health HTTP/1.1\r\nHost: a\nX: 1\n\n\r\n\r\n\0\r\n'],
  [
    'two lengths of one body',
    request('POST /health HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
  ],
  ['a length that is no number', request('POST /health HTTP/1.1', 'Host: a', 'Content-Length: -1')],
  ['a path with a control character', request('GET /\x01 HTTP/1.1', 'Host: a')],
])('HTTP that is malformed is 400: %s', async (_, text) => {
  expectRefusal(await send(text), 400, 'The request is not valid HTTP.')
})

it('headers that are too large are 431, also when the rest of them is still on its way', async () => {
  const socket = await rawConnection(site.app)
  // A client that reads only when it has said all: a connection cut meanwhile would take the answer with it.
  const text = request('GET /health HTTP/1.1', 'Host: a', `X-Large: ${'x'.repeat(20_000_000)}`)
  await new Promise<void>((resolve, reject) => socket.write(text, (error) => (error ? reject(error) : resolve())))
  expectRefusal(parseAnswer(await everything(socket)), 431, 'The headers of the request are too large.')
})

it('an address that is too long is 431', async () => {
  const answer = await send(request(`GET /health?${'x'.repeat(20_000)} HTTP/1.1`, 'Host: a'))
  expectRefusal(answer, 431, 'The headers of the request are too large.')
})

it('headers that never end are 408', async () => {
  const { app } = await testApp()
  Object.assign(app.server, { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 })
  const answer = await rawRequest(app, 'GET /health HTTP/1.1\r\nHost: a\r\n')
  expectRefusal(answer, 408, 'The request took too long to arrive.')
})

it('CONNECT is 501: this is no proxy', async () => {
  expectRefusal(await send(request('CONNECT example.com:443 HTTP/1.1', 'Host: a')), 501, 'Not Implemented')
})

it('an expectation that Node does not know is 417', async () => {
  const answer = await send(request('GET /health HTTP/1.1', 'Host: a', 'Expect: 200-ok'))
  expectRefusal(answer, 417, 'The expectation of the request cannot be met.')
})

it('a pipelined request is answered before the garbage that follows it', async () => {
  const text = await rawConnection(site.app).then((socket) => {
    socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.once('data', () => socket.write('garbage\r\n\r\n'))
    return everything(socket)
  })
  const [first = '', second = ''] = text.split(/(?=HTTP\/1\.1 400)/)
  expect(parseAnswer(first).body).toBe('{"status":"OK","code":200,"message":"OK","data":[]}')
  expectRefusal(parseAnswer(second), 400, 'The request is not valid HTTP.')
})

describe('the Host header', () => {
  const refused = (answer: RawAnswer) => expectRefusal(answer, 400, 'The request must have one Host header.')

  it('must be there in HTTP/1.1', async () => refused(await send(request('GET /health HTTP/1.1'))))

  it('must not be there twice', async () => {
    refused(await send(request('GET /health HTTP/1.1', 'Host: a', 'HOST: b')))
  })

  it('may be missing in HTTP/1.0', async () => {
    expect((await send(request('GET /health HTTP/1.0'))).status).toBe(200)
  })
})

it('a whole address as request target means its path', async () => {
  const answer = await send(request('GET http://anything.example:81/api/v2/health?x=1 HTTP/1.1', 'Host: a'))
  expect(answer.body).toBe('{"status":"OK","code":200,"message":"OK","data":[]}')
})

it.each(['*', 'http://a.example', 'ftp://a.example/health', '//', '/?', '/#', '/;/'])(
  'a request target that names nothing is 404: %s',
  async (target) => {
    const answer = await send(request(`OPTIONS ${target} HTTP/1.1`, 'Host: a'))
    expectRefusal(answer, 404, 'Not Found')
  },
)

it('a body is answered for, not waited for, where the answer does not need it', async () => {
  const answer = await send(
    request('POST /health HTTP/1.1', 'Host: a', 'Content-Length: 1000000', 'Expect: 100-continue'),
  )
  const last = answer.status === 100 ? parseAnswer(answer.body) : answer
  expectRefusal(last, 405, 'Method Not Allowed')
})

it('an upgrade that nobody offers is ignored', async () => {
  const socket = await rawConnection(site.app)
  socket.write('GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n')
  const answer = parseAnswer(await everything(socket))
  expect(answer.status).toBe(200)
})
