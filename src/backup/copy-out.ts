import type pg from 'pg'

const pieceBytes = 256 * 1024
/** So many pieces wait at most, and what has come in one read of the socket. */
const mostWaiting = 4

/**
 * What `COPY … TO STDOUT` gives: whole rows, in pieces. A reader who takes its time makes PostgreSQL wait.
 *
 * @returns how many rows there were
 */
export async function* copyOut(client: pg.Client, text: string): AsyncGenerator<Buffer, number> {
  const copying = client.query(new CopyingOut(text))
  try {
    for (let piece = await copying.next(); piece !== null; piece = await copying.next()) yield piece
    return copying.rows
  } finally {
    // The rest would keep the connection busy; nothing else stops it.
    if (!copying.hasEnded) client.connection.stream.destroy()
  }
}

class CopyingOut {
  rows = 0
  hasEnded = false
  readonly #text: string
  readonly #waiting: Buffer[] = []
  #piece = Buffer.allocUnsafe(pieceBytes)
  #filled = 0
  #failure: unknown = null
  #stream: pg.Connection['stream'] | null = null
  #wake: () => void = () => {}

  constructor(text: string) {
    this.#text = text
  }

  async next(): Promise<Buffer | null> {
    while (this.#waiting.length === 0 && !this.hasEnded) {
      this.#stream?.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const piece = this.#waiting.shift()
    if (piece !== undefined) return piece
    if (this.#failure !== null) throw this.#failure
    return null
  }

  submit(connection: pg.Connection): void {
    this.#stream = connection.stream
    connection.query(this.#text)
  }

  /** The driver uses the memory of a chunk again. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.#filled + chunk.length > this.#piece.length) this.#flush(Math.max(pieceBytes, chunk.length))
    chunk.copy(this.#piece, this.#filled)
    this.#filled += chunk.length
    if (this.#waiting.length >= mostWaiting) this.#stream?.pause()
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = Number(/\d+$/.exec(text)?.[0] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#flush(0)
    this.#end()
  }

  handleError(error: unknown): void {
    this.#failure = error
    this.#end()
  }

  #flush(next: number): void {
    if (this.#filled > 0) this.#waiting.push(this.#piece.subarray(0, this.#filled))
    this.#piece = Buffer.allocUnsafe(next)
    this.#filled = 0
    this.#wake()
  }

  #end(): void {
    this.hasEnded = true
    this.#stream?.resume()
    this.#wake()
  }
}
