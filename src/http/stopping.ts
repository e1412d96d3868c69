import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How long an answer in flight may still take when the server is told to stop. */
const longestAnswerMs = 60_000

/**
 * A server that stops answers what is in flight and then lets go: Node would keep each connection that had an answer since,
 * or never had a request, for another minute or for ever.
 */
export function letGoWhenStopping(app: FastifyInstance): void {
  const sockets = new Set<Socket & { _httpMessage?: object | null }>()
  let isStopping = false
  let deadline: NodeJS.Timeout | undefined
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('onSend', (_, reply, payload, done) => {
    if (isStopping) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('preClose', async () => {
    isStopping = true
    // Answers whose head is out already, such as a download, cannot say so any more.
    app.server.keepAliveTimeout = 1
    for (const socket of sockets) if (!socket._httpMessage) socket.destroy()
    deadline = setTimeout(() => app.server.closeAllConnections(), longestAnswerMs).unref()
  })
  app.addHook('onClose', async () => clearTimeout(deadline))
}
