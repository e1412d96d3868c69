/**
 * What Node would answer by itself, before any route: malformed HTTP, headers that are too large or too slow, CONNECT,
 * and an unknown `Expect`. In the envelope too (docs/api-contract.md section 1).
 */
import { randomUUID } from 'node:crypto'
import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { failure } from './envelope.js'
import { retryEncoded } from './raw-target.js'
import { securityHeaders } from './security-headers.js'

/** How long a refused client may go on sending before its connection is cut. */
const lingerMs = 5_000

/** Fastify's `clientErrorHandler`. */
export function answerClientError(server: Server, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (retryEncoded(server, error, socket)) return
  const { _httpMessage: inFlight } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null }
  // Half an answer cannot be followed by another one.
  if (error.code === 'ECONNRESET' || inFlight?.headersSent) return void socket.destroy()
  const [status, message] = refusals[error.code ?? ''] ?? [400, 'The request is not valid HTTP.']
  refuse(socket, status, message)
}

/** Takes over CONNECT and `Expect`, which Node otherwise ends with an empty answer or none. */
export function answerOddRequests(server: Server): void {
  server.on('connect', (_, socket) => refuse(socket, 501, 'Not Implemented'))
  server.on('checkExpectation', (_, response) => {
    const { head, body } = answer(417, 'The expectation of the request cannot be met.')
    response.writeHead(417, head).end(body)
  })
}

const refusals: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The request body is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}

function refuse(socket: Duplex, status: number, message: string): void {
  if (!socket.writable) return
  const { head, body } = answer(status, message)
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  // Closed at once, with input unread, the connection would be reset and the answer lost with it.
  socket.resume()
  const lingering = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(lingering))
}

function answer(status: number, message: string) {
  const body = JSON.stringify(failure(status, message))
  const head = {
    ...securityHeaders,
    'x-request-id': randomUUID(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  return { head, body }
}
