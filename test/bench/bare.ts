/** The ceiling: Fastify and a ready answer, nothing else. BODY_FILE holds the bytes. */
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

const body = readFileSync(process.env.BODY_FILE ?? '')
const app = Fastify()
app.get('/health', async () => '')
app.get('/ready-made', (_, reply) => {
  reply.type('application/json; charset=utf-8').send(body)
})
app.get('/not-modified', (_, reply) => {
  reply.code(304).send()
})
app.get('/redirect', (_, reply) => {
  reply.code(302).header('location', 'https://example.com/').send()
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
process.on('SIGTERM', () => app.close())
