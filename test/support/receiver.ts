import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { onTestFinished } from 'vitest'

/** A request as it came. */
export interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** How the nth request (from 0) is answered. */
export type Behaviour = (response: ServerResponse, nth: number, received: Received) => void

/** Something that webhooks are sent to. */
export interface Receiver {
  url: string
  port: number
  received: Received[]
  /** Bodies of the requests. */
  messages(): Record<string, unknown>[]
  /** From now on. */
  behave(behaviour: Behaviour): void
  server: Server
}

export const accept: Behaviour = (response) => response.writeHead(204).end()

export const answerWith =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end()

export interface ReceiverOptions {
  host?: string
  /** Key and certificate in PEM form, for HTTPS. */
  pem?: string
}

/** A real server on a loopback address, closed with the test. */
export async function startReceiver(
  behaviour: Behaviour = accept,
  { host = '127.0.0.1', pem }: ReceiverOptions = {},
): Promise<Receiver> {
  const received: Received[] = []
  let behave = behaviour
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
      behave(response, received.push(one) - 1, one)
    })
  }
  const server = pem === undefined ? createServer(listener) : createSecureServer({ key: pem, cert: pem }, listener)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `${pem === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    received,
    messages: () => received.map(({ body }) => JSON.parse(body)),
    behave: (next) => {
      behave = next
    },
    server,
  }
}

/** What the library of Standard Webhooks makes of a request. @throws when it is not signed with the code */
export function verified(code: string, { headers, body }: Received): unknown {
  return new Webhook(code).verify(body, headers as Record<string, string>)
}
