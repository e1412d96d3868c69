import type { AddressInfo } from 'node:net'
import type { TestApp } from './app.js'

export interface ServerEvent {
  event: string
  id: string
  data: string
}

/** One connection to a stream, read as an EventSource reads it (WHATWG HTML, server-sent events). */
export class EventStream {
  /** The last id that was received. */
  lastId = ''
  /** Lines that are signs of life. */
  heartbeats = 0
  #rest = ''
  readonly #leave: AbortController
  readonly #body: AsyncIterator<Uint8Array>
  readonly #decoder = new TextDecoder()
  #waiting: ServerEvent[] = []

  constructor(
    readonly response: Response,
    leave: AbortController,
  ) {
    if (response.body === null) throw new Error('an answer without a body')
    this.#leave = leave
    this.#body = response.body[Symbol.asyncIterator]()
  }

  /** The next event that has data; null when the server has ended the stream. @throws when the connection broke */
  async next(): Promise<ServerEvent | null> {
    for (;;) {
      const event = this.#waiting.shift()
      if (event !== undefined) {
        this.lastId = event.id
        return event
      }
      if (!(await this.#read())) return null
    }
  }

  /** Reads until the first id is there. */
  async begun(): Promise<this> {
    while (this.lastId === '' && (await this.#read()));
    return this
  }

  /** Reads until there was another sign of life. */
  async heartbeat(): Promise<void> {
    const before = this.heartbeats
    while (this.heartbeats === before && (await this.#read()));
  }

  close(): void {
    this.#leave.abort()
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#body.next()
    if (done) return false
    const blocks = (this.#rest + this.#decoder.decode(value, { stream: true })).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) this.#take(block)
    return true
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()]
      }),
    )
    if (fields.has('')) this.heartbeats += 1
    const id = fields.get('id') ?? this.#waiting.at(-1)?.id ?? this.lastId
    const data = fields.get('data')
    if (data === undefined) this.lastId = id
    else this.#waiting.push({ event: fields.get('event') ?? 'message', id, data })
  }
}

export const addressOf = ({ app }: Pick<TestApp, 'app'>) =>
  `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

/** Opens a stream of a server that listens. @throws when it is refused */
export async function openStream(
  site: Pick<TestApp, 'app'>,
  path: string,
  headers: Record<string, string>,
): Promise<EventStream> {
  const leave = new AbortController()
  const response = await fetch(addressOf(site) + path, { headers, signal: leave.signal })
  if (response.status !== 200) throw new Error(`${response.status} at ${path}: ${await response.text()}`)
  return new EventStream(response, leave)
}
