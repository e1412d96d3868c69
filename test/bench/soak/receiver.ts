import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What webhooks are sent to: it takes everything, at once. */
export interface WebhookReceiver {
  url: string
  /** Ids of visits that it was told of. */
  ids: Set<string>
  /** Requests; more than ids when some came again. */
  requests(): number
  close(): Promise<void>
}

/** On a loopback address. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const ids = new Set<string>()
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    ids.add(String(request.headers['webhook-id']))
    request.resume()
    request.once('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ids,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
