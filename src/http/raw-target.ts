/**
 * Request targets with raw bytes above 0x7F, as simple clients send a URL with an `é` or a `’` in it. Browsers percent-encode
 * them; Node's parser refuses them before any route.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** What Node hands to `clientError`: a socket, and on it the answer in flight. */
export type ClientErrorSocket = Duplex & { _httpMessage?: { headersSent: boolean } | null }

/**
 * Gives a refused request to the server once more, with its target percent-encoded. The answer goes to the same client, whose
 * connection ends with it.
 *
 * Only a GET or HEAD whose head has come in one packet, first on its connection or after the answers before it. Node's parser
 * checks all of it again.
 *
 * @returns whether it was such a request; otherwise it is still to be refused
 */
export function retryEncoded(
  server: Server,
  error: NodeJS.ErrnoException & { rawPacket?: Buffer },
  socket: ClientErrorSocket,
): boolean {
  if (error.code !== 'HPE_INVALID_URL' || socket._httpMessage) return false
  const packet = error.rawPacket?.toString('latin1') ?? ''
  const [line = '', method, target = '', version] = requestLine.exec(packet) ?? []
  if (line === '' || !packet.includes('\r\n\r\n')) return false
  const encoded = target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  // The broken parser would refuse whatever comes now.
  socket.removeAllListeners('data').on('data', () => {})
  const again = `${method} ${encoded} ${version}\r\nConnection: close\r\n${packet.slice(line.length)}`
  server.emit('connection', connectionOf(socket, Buffer.from(again, 'latin1')))
  return true
}

const requestLine = /^(GET|HEAD) ([\x21-\x7e]*[\x80-\xff][\x21-\xff]*) (HTTP\/1\.[01])\r\n/

/** A connection that brings `input` and whose output goes to the socket. */
function connectionOf(socket: Duplex, input: Buffer): Duplex {
  const connection = new Duplex({
    read: () => {},
    write: (chunk, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.once('close', () => connection.destroy())
  const { remoteAddress, remotePort, localAddress, localPort } = socket as Socket
  connection.push(input)
  return Object.assign(connection, { remoteAddress, remotePort, localAddress, localPort })
}
