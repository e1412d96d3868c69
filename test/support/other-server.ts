import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { TestApp } from './app.js'

/** A server to copy from: a real one of ours, or one that knows no more than the documented service does. */
export interface OtherServer {
  /** Base of its API. */
  endpoint: string
  /** Paths and queries that were asked for, in order. */
  requests: string[]
  /** Called before the nth request (from 1 on) is answered; it may answer instead, by returning true. */
  before: (nth: number, response: ServerResponse, path: string) => Promise<boolean | undefined> | boolean | undefined
  /** Called when an answer has gone out. */
  after: (nth: number) => void
}

export interface OtherServerOptions {
  /** Without feeds, recipients and settings, and with 15 rows a page whatever is asked for. */
  isHosted?: boolean
}

/** In front of a whole app, on a port of its own; closed with the test. */
export async function otherServer(site: TestApp, { isHosted = false }: OtherServerOptions = {}): Promise<OtherServer> {
  const other: OtherServer = { endpoint: '', requests: [], before: () => undefined, after: () => {} }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://other.example')
    const nth = other.requests.push(url.pathname + url.search)
    if ((await other.before(nth, response, url.pathname)) === true) return
    if (isHosted) forgetExtensions(url)
    const { authorization = '' } = request.headers
    const { statusCode, headers, body } = await site.app.inject({
      method: 'GET',
      url: url.pathname + url.search,
      headers: { authorization },
    })
    response.writeHead(statusCode, headers).end(body, () => other.after(nth))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  other.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2/`
  return other
}

/** What the contract does not document is as if it were not there. */
function forgetExtensions(url: URL): void {
  if (/\/(feed|recipients|auth\/me)$/.test(url.pathname)) url.pathname = '/not-there'
  for (const name of ['per_page', 'as_of', 'include']) url.searchParams.delete(name)
}
