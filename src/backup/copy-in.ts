import type pg from 'pg'

/** What the driver can do, and its types do not say. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/**
 * Gives whole rows to `COPY … FROM STDIN`.
 *
 * @returns how many rows there were
 */
export async function copyIn(client: pg.Client, text: string, rows: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    client.query(new CopyingIn(text, rows, resolve, reject))
  })
}

class CopyingIn {
  readonly #text: string
  readonly #data: Buffer
  readonly #resolve: (rows: number) => void
  readonly #reject: (error: unknown) => void
  #rows = 0

  constructor(text: string, data: Buffer, resolve: (rows: number) => void, reject: (error: unknown) => void) {
    this.#text = text
    this.#data = data
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#data)
    connection.endCopyFrom()
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#rows = Number(/\d+$/.exec(text)?.[0] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#rows)
  }

  handleError(error: unknown): void {
    this.#reject(error)
  }
}
