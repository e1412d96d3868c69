import { Agent, request } from 'node:http'
import type { SentBody } from '../support/body-forms.js'

export interface Asked {
  port: number
  method: string
  /** As it is sent, whatever it is. */
  path: string
  headers: Record<string, string>
  body?: SentBody | undefined
}

export interface Answered {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

const agent = new Agent({ keepAlive: true })

/** One request over a socket; nothing is added to it but what HTTP needs. */
export function ask({ port, method, path, headers, body }: Asked): Promise<Answered> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body.payload)) }
  const all = { ...headers, ...body?.headers, ...length }
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: all }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body?.payload)
  })
}
