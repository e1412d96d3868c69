import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { EmbeddedPostgres } from '../../src/database/embedded.js'
import { takeSeat } from '../../src/database/embedded-seat.js'
import { migrate } from '../../src/database/migrate.js'
import { openDatabase } from '../../src/database/open.js'
import { openSession } from '../../src/database/session.js'
import { cleanUp, dataFolder, open, value } from './embedded-site.js'

let dataDir: string
let embedded: EmbeddedPostgres

beforeAll(async () => {
  dataDir = await dataFolder()
  embedded = await open(dataDir)
})

afterAll(cleanUp)

/** An answer to who asks to be let in, as PostgreSQL's protocol has it. */
function authentication(code: number, more = ''): Buffer {
  const head = Buffer.alloc(9)
  head.write('R', 0)
  head.writeInt32BE(8 + more.length, 1)
  head.writeInt32BE(code, 5)
  return Buffer.concat([head, Buffer.from(more)])
}

const readyForQuery = Buffer.from('5a0000000549', 'hex')
const asks = {
  'the password': authentication(3),
  'a hash of the password': authentication(5, 'salt'),
  nothing: Buffer.concat([authentication(0), readyForQuery]),
  'a proof, and gives none itself': authentication(10, 'SCRAM-SHA-256\0\0'),
}

/** Somebody who took the port of the embedded database, and all that they were sent. */
async function startThief(answer: Buffer) {
  let heard = ''
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const isFirst = !heard.includes('smart_link')
      heard += bytes.toString('latin1')
      if (isFirst) return socket.write(answer)
      // The proof is not asked for any further: whoever pretends to be content says so.
      if (answer === asks['a proof, and gives none itself']) socket.write(asks.nothing)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, heard: () => heard }
}

describe.each(Object.entries(asks))('whoever took the port of the embedded database and asks for %s', (_, answer) => {
  it('is shown neither the password nor a statement', async () => {
    expect(await value(embedded.url, 'SELECT 1')).toBe(1)
    const folder = `${dataDir}/postgres`
    const password = new URL(embedded.url).password

    const visits: ((url: string, port: number) => Promise<unknown>)[] = [
      (url) => openSession(url),
      (url) => migrate(url, { directory: '/nowhere' }),
      async (_url, port) => {
        if ((await takeSeat({ folder, password }, port)) === 'silent') throw new Error('the server is silent')
      },
      async (url) => {
        const db = openDatabase({ url, connections: 1 })
        await db.pool.query('SELECT secret').finally(() => db.close())
      },
    ]
    for (const visit of visits) {
      const thief = await startThief(answer)
      const url = embedded.url.replace(/:\d+\//, `:${thief.port}/`)
      await expect(visit(url, thief.port)).rejects.toThrow(/scram|SASL|SCRAM|silent/)
      expect(thief.heard()).toContain('smart_link')
      expect(thief.heard()).not.toContain(password)
      expect(thief.heard()).not.toMatch(/md5[\da-f]{32}|secret|data_directory|_prisma/)
    }
  })
})
