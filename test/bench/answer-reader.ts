/**
 * Finds the end of HTTP/1.1 answers in what a socket delivers, and nothing more: the load process shares its cores with
 * the server it measures, so each answer must cost it as little as possible.
 *
 * One request is under way at a time. Of chunked answers only the end is looked for, and counted are their raw bytes.
 */
export class AnswerReader {
  readonly #answered: (status: number, bodyBytes: number) => void
  #head: Buffer | null = null
  #status = 0
  #body = 0
  /** Bytes still to come; null outside a body, Infinity in a chunked one. */
  #left: number | null = null
  #tail = ''

  constructor(answered: (status: number, bodyBytes: number) => void) {
    this.#answered = answered
  }

  read(chunk: Buffer): void {
    if (this.#left !== null) this.#readBody(chunk)
    else this.#readHead(chunk)
  }

  #readHead(chunk: Buffer): void {
    const head = this.#head === null ? chunk : Buffer.concat([this.#head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) {
      this.#head = head
      return
    }
    this.#head = null
    const lines = head.toString('latin1', 0, end)
    this.#status = Number(lines.slice(9, 12))
    this.#body = 0
    this.#tail = ''
    this.#left = bodyBytes(this.#status, lines)
    this.#readBody(head.subarray(end + 4))
  }

  #readBody(chunk: Buffer): void {
    this.#body += chunk.length
    if (this.#left === Number.POSITIVE_INFINITY) {
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 7))).slice(-7)
      if (!this.#tail.endsWith('\r\n0\r\n\r\n') && this.#tail !== '0\r\n\r\n') return
    } else {
      this.#left = (this.#left ?? 0) - chunk.length
      if (this.#left > 0) return
    }
    this.#left = null
    this.#answered(this.#status, this.#body)
  }
}

function bodyBytes(status: number, head: string): number {
  if (status === 304 || status === 204) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return Number(length)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return Number.POSITIVE_INFINITY
  throw new Error(`an answer without a length: ${head}`)
}
