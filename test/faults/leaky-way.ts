import { connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a NATS server that loses messages while the connection stays, as routes between servers do when they break. */
export interface LeakyWay {
  /** The server's address, by this way. */
  url: string
  /** From now on messages whose first line matches are lost, in both directions; null: none. */
  lose(what: RegExp | null): void
  /** How many were lost. */
  lost(): number
}

/** Closed with the test. */
export async function leakyWayTo(url: string): Promise<LeakyWay> {
  const target = new URL(url)
  let leak: RegExp | null = null
  let lost = 0
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const take = cutter((line, bytes) => {
        if (leak?.test(line)) lost += 1
        else to.write(bytes)
      })
      from.on('data', take)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return {
    url: `nats://127.0.0.1:${port}`,
    lose(what) {
      leak = what
    },
    lost: () => lost,
  }
}

/** Cuts what arrives into messages of NATS: a line, and as many bytes as it says at its end when it carries any. */
function cutter(onMessage: (line: string, bytes: Buffer) => void): (bytes: Buffer) => void {
  let left = Buffer.alloc(0)
  return (bytes) => {
    left = Buffer.concat([left, bytes])
    for (;;) {
      const end = left.indexOf('\r\n')
      if (end < 0) return
      const line = left.toString('latin1', 0, end)
      const carried = /^H?(?:MSG|PUB) .* (\d+)$/.exec(line)?.[1]
      const length = end + 2 + (carried === undefined ? 0 : Number(carried) + 2)
      if (left.length < length) return
      onMessage(line, left.subarray(0, length))
      left = left.subarray(length)
    }
  }
}
