import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a server that can be taken away and given back. */
export interface Cable {
  /** The server's address, by this way. */
  url: string
  /** Breaks what is connected, and refuses new connections. */
  cut(): void
  mend(): void
  /** Takes what is sent to the server on, and from now on brings back none of its answers. */
  mute(): void
  /** What is connected stays connected, and nothing comes through any more, either way; new connections work. */
  swallow(): void
  /** From now on to another server; what is connected stays where it is. */
  lead(url: string): void
}

/** Leads to the server of a URL; closed with the test. */
export async function cableTo(url: string): Promise<Cable> {
  let target = new URL(url)
  const sockets = new Set<Socket>()
  const answering = new Set<Socket>()
  let isCut = false
  let isMuted = false
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy()
    const far = connect(Number(target.port || 5432), target.hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far)
    answering.add(far)
    far.on('close', () => answering.delete(far))
    if (!isMuted) far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  const address = new URL(url)
  address.host = `127.0.0.1:${(server.address() as { port: number }).port}`
  return {
    url: address.href,
    cut,
    lead: (to) => {
      target = new URL(to)
    },
    mend: () => {
      isCut = false
    },
    swallow: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    mute: () => {
      isMuted = true
      for (const far of answering) far.unpipe().pause()
    },
  }
}
