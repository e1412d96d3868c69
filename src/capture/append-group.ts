interface Waiting {
  bytes: Buffer
  resolve: () => void
  reject: (error: Error) => void
}

/** Group commit on disk: all that wait while one write goes on are written together by the next. */
export class AppendGroup {
  readonly #store: (bytes: Buffer) => Promise<void>
  #waiting: Waiting[] = []
  #isWriting = false
  waitingBytes = 0

  constructor(store: (bytes: Buffer) => Promise<void>) {
    this.#store = store
  }

  /** Resolves when the bytes are stored; rejects, with all that were to be written with them, when they cannot be. */
  append(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject })
      this.waitingBytes += bytes.length
      if (!this.#isWriting) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      const bytes = Buffer.concat(group.map((one) => one.bytes))
      try {
        await this.#store(bytes)
        this.waitingBytes -= bytes.length
        for (const { resolve } of group) resolve()
      } catch (error) {
        this.waitingBytes -= bytes.length
        for (const { reject } of group) reject(error as Error)
      }
    }
    this.#isWriting = false
  }
}
