import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { editWebhook } from '../../src/webhooks/repository.js'
import { freePort } from '../faults/postgres.js'
import { accept, answerWith, startReceiver } from '../support/receiver.js'
import { deliverySites, eventually, longestPauses } from './site.js'

const deliverySite = deliverySites()

/** What a delivery to such a receiver comes to at the first try. */
async function firstTry(uri: string, options: Parameters<Awaited<ReturnType<typeof deliverySite>>['deliver']>[0] = {}) {
  const site = await deliverySite()
  await site.links((await site.webhook(uri)).id, 20)
  await site.visit(20)
  site.deliver({ ...options, env: { ...longestPauses(), ...options.env } })
  await eventually(async () => (await site.deliveries())[0]?.attempts).toBe(1)
  const [delivery] = await site.deliveries()
  return { site, state: delivery?.state, status: delivery?.last_status, error: delivery?.last_error }
}

const failed = (error: string) => ({ state: 'pending', status: null, error })

/** A server that does with a connection what it likes. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer(onConnection).listen(0, '127.0.0.1')
  server.on('connection', (socket) => sockets.push(socket))
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

describe('a receiver that', () => {
  it('is not there', async () => {
    const outcome = await firstTry(`http://127.0.0.1:${await freePort()}`)
    expect(outcome).toMatchObject(failed('The connection was refused.'))
  })

  it('never answers is left after 3 seconds', async () => {
    const receiver = await startReceiver(() => {})
    const start = performance.now()
    expect(await firstTry(receiver.url)).toMatchObject(failed('No answer within 3 seconds.'))
    expect(performance.now() - start).toBeGreaterThan(2_900)
    await eventually(() => new Promise((resolve) => receiver.server.getConnections((_, count) => resolve(count)))).toBe(
      0,
    )
  })

  it('answers a byte at a time is left after 3 seconds too', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ')
      const drip = setInterval(() => socket.write('x'), 50)
      socket.on('close', () => clearInterval(drip))
      socket.on('error', () => {})
    })
    expect(await firstTry(url)).toMatchObject(failed('No answer within 3 seconds.'))
  })

  it('hangs up', async () => {
    const url = await rawServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy()))
    expect(await firstTry(url)).toMatchObject(failed('The connection was closed.'))
  })

  it('does not speak HTTP', async () => {
    const url = await rawServer((socket) => socket.on('error', () => {}).end('220 smtp.example ESMTP\r\n'))
    expect(await firstTry(url)).toMatchObject(failed('The answer was no valid HTTP.'))
  })

  it('switches protocols', async () => {
    const url = await rawServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write('HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'))
    })
    expect(await firstTry(url)).toMatchObject(failed('The connection was closed.'))
  })

  it('has no certificate that is accepted', async () => {
    const pem = readFileSync(new URL('../fixtures/self-signed.pem', import.meta.url), 'utf8')
    const receiver = await startReceiver(accept, { pem })
    const outcome = await firstTry(receiver.url)
    expect(outcome).toMatchObject(failed('No secure connection could be made (DEPTH_ZERO_SELF_SIGNED_CERT).'))
    expect(receiver.received).toEqual([])
  })

  it('speaks HTTP where HTTPS is expected', async () => {
    const receiver = await startReceiver()
    const outcome = await firstTry(receiver.url.replace('http:', 'https:'))
    expect(outcome).toMatchObject(failed('No secure connection could be made (EPROTO).'))
    expect(receiver.received).toEqual([])
  })

  it('answers without end is cut off after 64 KiB, and has accepted', async () => {
    let sent = 0
    const receiver = await startReceiver((response) => {
      const write = () => {
        sent += 16_384
        if (!response.destroyed) response.write('x'.repeat(16_384), () => setImmediate(write))
      }
      response.writeHead(200)
      write()
    })
    const outcome = await firstTry(receiver.url)
    expect(outcome).toMatchObject({ state: 'delivered', status: 200, error: null })
    // The rest lay in buffers of the two kernels.
    expect(sent).toBeLessThan(16 * 2 ** 20)
  })

  it('accepts and then stops in the middle of its answer has accepted', async () => {
    const receiver = await startReceiver((response) => response.writeHead(200).write('x'))
    expect(await firstTry(receiver.url)).toMatchObject({ state: 'delivered', status: 200 })
  })

  it('closes a connection that was kept open is asked again at once', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
    let connections = 0
    const url = await rawServer((socket) => {
      connections += 1
      let requests = 0
      socket.on('error', () => {})
      socket.on('data', (data: Buffer) => {
        if (!data.toString().startsWith('POST')) return
        requests += 1
        if (requests === 1) socket.write(answer)
        else socket.destroy()
      })
    })
    const { site } = await firstTry(url)
    await site.visit(20)
    const made = { state: 'delivered', attempts: 1 }
    await eventually(() => site.deliveries()).toMatchObject([made, made])
    expect(connections).toBe(2)
  })

  it('answers 410 is told nothing more, until its webhook is switched on again', async () => {
    const receiver = await startReceiver(answerWith(410))
    const { site, ...outcome } = await firstTry(receiver.url)
    expect(outcome).toEqual({ state: 'pending', status: 410, error: 'Answered 410: the webhook was switched off.' })
    const { rows } = await site.db.pool.query('SELECT id, status FROM webhooks')
    expect(rows).toMatchObject([{ status: 0 }])
    expect(site.log.map(({ message }) => message)).toContain('a webhook was switched off: its receiver answered 410')
    await site.visit(20)
    expect(await site.deliveries()).toHaveLength(1)
    expect(receiver.received).toHaveLength(1)
  })

  it('answers 410 when its webhook leads to another one by now does not switch it off', async () => {
    const [old, next] = [await startReceiver(), await startReceiver()]
    const site = await deliverySite()
    const { id } = await site.webhook(old.url)
    old.behave((response, ...rest) => {
      void editWebhook(site.db, 1, id, { uri: next.url }).then(() => answerWith(410)(response, ...rest))
    })
    await site.links(id, 20)
    const ids = await site.visit(20)
    site.deliver({ env: longestPauses() })
    await eventually(() => next.messages().map(({ id }) => id)).toEqual(ids)
    expect(old.received).toHaveLength(1)
    expect(site.log.map(({ message }) => message)).not.toContain(
      'a webhook was switched off: its receiver answered 410',
    )
  })
})

describe('an address that is not allowed', () => {
  const refused = failed('The address is not allowed.')
  const off = { WEBHOOK_ALLOW_PRIVATE: 'off' }

  it.each([
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://169.254.169.254/latest/meta-data',
    'https://10.0.0.1',
  ])('is not connected to, though %s got into the database', async (uri) => {
    expect(await firstTry(uri, { env: off })).toMatchObject(refused)
  })

  it.each([[['127.0.0.1']], [['::1']], [['10.1.2.3', 'fd00::1']], [['::ffff:127.0.0.1']], [['localhost']], [[]]])(
    'is not connected to when a name stands for it: %j',
    async (addresses) => {
      const receiver = await startReceiver()
      const lookUp = async () => addresses
      const outcome = await firstTry(`http://hooks.example:${receiver.port}`, { env: off, lookUp })
      expect(outcome).toMatchObject(refused)
      expect(receiver.received).toEqual([])
    },
  )

  it('is not connected to when its name stood for an allowed one before', async () => {
    const [allowed, inside] = [await startReceiver(), await startReceiver(accept, { host: '127.0.0.2' })]
    allowed.behave((response) => response.writeHead(500, { connection: 'close' }).end())
    const site = await deliverySite()
    await site.links((await site.webhook(`http://hooks.example:${allowed.port}`)).id, 20)
    await site.visit(20)
    const answers = [['127.0.0.1'], ['127.0.0.2']]
    const asked: string[] = []
    site.deliver({
      env: { WEBHOOK_ALLOW_PRIVATE: '127.0.0.1' },
      lookUp: async (name) => {
        asked.push(name)
        return answers.shift() ?? ['127.0.0.2']
      },
    })
    await eventually(() => site.deliveries()).toMatchObject([{ last_error: 'The address is not allowed.' }])
    expect([allowed.received.length, inside.received.length]).toEqual([1, 0])
    expect(asked.slice(0, 2)).toEqual(['hooks.example', 'hooks.example'])
  })

  it('is passed over where a name stands for an allowed one too', async () => {
    const receiver = await startReceiver()
    const lookUp = async () => ['127.0.0.2', '127.0.0.1']
    const env = { WEBHOOK_ALLOW_PRIVATE: '127.0.0.1' }
    const outcome = await firstTry(`http://hooks.example:${receiver.port}`, { env, lookUp })
    expect(outcome).toMatchObject({ state: 'delivered' })
  })

  it('is not reached by a redirect of an allowed one', async () => {
    const inside = await startReceiver(accept, { host: '127.0.0.2' })
    const receiver = await startReceiver(answerWith(307, { location: inside.url }))
    const outcome = await firstTry(receiver.url, { env: { WEBHOOK_ALLOW_PRIVATE: '127.0.0.1' } })
    expect(outcome.error).toBe('Answered 307: redirects are not followed.')
    expect(inside.received).toEqual([])
  })

  it('is not connected to by the name localhost', async () => {
    const receiver = await startReceiver()
    const outcome = await firstTry(`http://localhost:${receiver.port}`, {
      env: { WEBHOOK_ALLOW_PRIVATE: '10.0.0.0/8' },
    })
    expect(outcome).toMatchObject(refused)
  })
})

it('a name that nobody knows is not found', async () => {
  const outcome = await firstTry('http://no-such-host.invalid', {
    lookUp: async () => {
      throw Object.assign(new Error('queryA ENOTFOUND no-such-host.invalid'), { code: 'ENOTFOUND' })
    },
  })
  expect(outcome).toMatchObject(failed('The host was not found.'))
})
