import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bearer, testApp } from '../support/app.js'
import { everything, parseAnswer, rawConnection } from '../support/raw-http.js'
import { storeLinks } from '../support/visits.js'

const { authorization } = bearer({ sub: '26' })

async function impatientSite(patienceMs = 300) {
  const lines: string[] = []
  const site = await testApp({
    env: { REQUEST_TIMEOUT_MS: String(patienceMs) },
    log: { level: 'warn', stream: { write: (line) => lines.push(line) } },
  })
  await storeLinks(site.db, 26, 21)
  return { ...site, lines }
}

/** Sends a byte now and then, for as long as anybody listens. */
function trickle(socket: Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 20)
  socket.on('error', () => {}).once('close', () => clearInterval(timer))
  onTestFinished(() => void socket.destroy())
}

const timedOut = '{"status":"ERROR","code":408,"message":"The request took too long to arrive.","data":[]}'

const post = (type: string) =>
  `POST /link/urls HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Type: ${type}\r\nContent-Length: 100000\r\n\r\n`

describe('a sender is answered and cut off whose', () => {
  it.each([
    ['connection says nothing', '', ''],
    ['headers come byte by byte', 'GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'x'],
    ['headers come one by one', 'GET /health HTTP/1.1\r\nHost: a\r\n', 'X-Slow: x\r\n'],
    ['JSON comes byte by byte', post('application/json'), ' '],
    ['form comes byte by byte', post('application/x-www-form-urlencoded'), 'a'],
    ['parts come byte by byte', `${post('multipart/form-data; boundary=b')}--b\r\n`, 'a'],
    [
      'chunks come byte by byte',
      post('application/json').replace('Content-Length: 100000', 'Transfer-Encoding: chunked'),
      '1\r\n \r\n',
    ],
  ])('%s', async (_, start, rest) => {
    const { app, lines } = await impatientSite()
    const socket = await rawConnection(app)
    const answer = everything(socket)
    const closed = once(socket, 'close')
    if (start !== '') socket.write(start)
    if (rest !== '') trickle(socket, rest)
    const { status, body } = parseAnswer(await answer)
    expect([status, body]).toEqual([408, timedOut])
    await closed
    // It is the sender's fault, and nobody's failure.
    expect(lines).toEqual([])
  })
})

it('who has sent all may wait longer for the answer', async () => {
  const { app } = await impatientSite(2_000)
  const socket = await rawConnection(app)
  socket.write(
    `GET /link/visits/feed?wait=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`,
  )
  expect(parseAnswer(await everything(socket)).status).toBe(200)
})
