import { connect } from 'node:net'

export interface Exchanged {
  status: number
  /** By their names in lower case. */
  headers: Record<string, string>
  body: Buffer
}

/** Longer than any answer takes, but for one that never comes. */
const longestWaitMs = 120_000

/** Sends bytes on a connection of their own, and reads what comes back: all of it, or of a stream what comes first. */
export function exchange(port: number, bytes: Buffer): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1')
    const fail = (why: string) => reject(new Error(`${why}: ${Buffer.concat(chunks).toString('latin1').slice(0, 500)}`))
    const end = () => {
      socket.destroy()
      const answer = parsed(Buffer.concat(chunks))
      if (answer === null) fail('no answer')
      else resolve(answer)
    }
    socket.setTimeout(longestWaitMs, () => {
      socket.destroy()
      fail(`no answer in ${longestWaitMs} ms`)
    })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (!/\r\ncontent-type: text\/event-stream/i.test(chunks[0]?.toString('latin1') ?? '')) return
      if ((parsed(Buffer.concat(chunks))?.body.length ?? 0) > 0) end()
    })
    socket.on('end', end)
    // A server may close before it has read what it refuses.
    socket.on('error', () => end())
    socket.write(bytes)
  })
}

/** null: there is none, or not all of its head. */
function parsed(bytes: Buffer): Exchanged | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
  const rest = bytes.subarray(end + 4)
  if (status < 200) return parsed(rest)
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status, headers, body: headers['transfer-encoding'] === 'chunked' ? joined(rest) : rest }
}

function joined(chunked: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const end = chunked.indexOf('\r\n', at)
    const length = Number.parseInt(chunked.subarray(at, end).toString('latin1'), 16)
    if (end < 0 || !(length > 0)) return Buffer.concat(chunks)
    chunks.push(chunked.subarray(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
}
