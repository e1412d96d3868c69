import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Database } from '../database/open.js'
import { createWebhook, editWebhook, pageOfWebhooks } from '../webhooks/repository.js'
import { demoOwner } from './data.js'

const name = 'Order desk'
const linksTold = [20, 25]

export interface Receiver {
  url: string
  close(): Promise<void>
}

/** Something on this machine that a webhook of the demo tells of visits. It refuses every twelfth, so that retries can be seen. */
export async function startReceiver(): Promise<Receiver> {
  let requests = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(++requests % 12 === 0 ? 503 : 204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/visits?link={link_id}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The demo's webhook leads to that address from now on; it is made when there is none. */
export async function tellReceiver(db: Database, url: string): Promise<void> {
  const { items } = await pageOfWebhooks(db, demoOwner, name, { number: 1n, perPage: 1 })
  const [known] = items
  if (known !== undefined) {
    await editWebhook(db, demoOwner, known.id, { uri: url })
    return
  }
  const { id } = await createWebhook(db, demoOwner, {
    name,
    uri: url,
    status: 1,
    whole_numbers: 1,
    secret: undefined,
    token: undefined,
  })
  await db.prisma.link.updateMany({ where: { userId: demoOwner, id: { in: linksTold } }, data: { webhookId: id } })
}
