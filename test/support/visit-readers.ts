interface Answer {
  data: { id: string }[]
  links: { first: string; next: string | null }
  meta: { next_cursor: string; total: number }
}

/** A program on the other side of the network that reads one owner's visits while they are written. */
export class Reader {
  readonly #base: string
  readonly #headers: Record<string, string>

  constructor(address: string, headers: Record<string, string>) {
    this.#base = address
    this.#headers = headers
  }

  /** Asks a feed again and again until the writing is over and it has no more. @returns ids in the order of the feed */
  async poll(path: string, limit: number, over: AbortSignal): Promise<string[]> {
    const ids: string[] = []
    let cursor = ''
    for (;;) {
      const isLast = over.aborted
      const { data, meta } = await this.#get(`${path}?limit=${limit}${cursor}`)
      ids.push(...data.map(({ id }) => id))
      cursor = `&cursor=${meta.next_cursor}`
      if (isLast && data.length === 0) return ids
    }
  }

  /**
   * Waits at a feed's end for what comes, until it has `total()` visits.
   *
   * @throws when an answer is empty: somebody writes all the time, so the word of it did not arrive
   */
  async wait(path: string, limit: number, over: AbortSignal, total: () => number): Promise<string[]> {
    const ids: string[] = []
    let cursor = ''
    while (!over.aborted || ids.length < total()) {
      const leave = leaving(over, () => ids.length >= total())
      const answer = await this.#get(`${path}?limit=${limit}&wait=20${cursor}`, leave.signal).catch(
        (error: unknown) => {
          if (leave.signal.aborted) return null
          throw error
        },
      )
      leave.stop()
      if (answer === null) break
      if (answer.data.length === 0) throw new Error(`nothing came at ${path} after ${ids.length} visits`)
      ids.push(...answer.data.map(({ id }) => id))
      cursor = `&cursor=${answer.meta.next_cursor}`
    }
    return ids
  }

  /** Walks a frozen list page by page, again and again, the last time when the writing is over. */
  async walk(path: string, perPage: number, over: AbortSignal): Promise<Walk[]> {
    const walks: Walk[] = []
    for (;;) {
      const isLast = over.aborted
      walks.push(await this.#walkOnce(`${path}&per_page=${perPage}`))
      if (isLast) return walks
    }
  }

  async #walkOnce(path: string): Promise<Walk> {
    const first = await this.#get(path)
    const walk: Walk = {
      asOf: Number(new URL(first.links.first).searchParams.get('as_of')),
      totals: [first.meta.total],
      ids: first.data.map(({ id }) => id),
    }
    for (let next = first.links.next; next !== null; ) {
      const { pathname, search } = new URL(next)
      const page = await this.#get(pathname + search)
      walk.totals.push(page.meta.total)
      walk.ids.push(...page.data.map(({ id }) => id))
      next = page.links.next
    }
    return walk
  }

  async #get(path: string, signal?: AbortSignal): Promise<Answer> {
    const answer = await fetch(this.#base + path, { headers: this.#headers, ...(signal && { signal }) })
    if (answer.status !== 200) throw new Error(`${answer.status} at ${path}: ${await answer.text()}`)
    return (await answer.json()) as Answer
  }
}

/** One walk over all pages of a list that is frozen. */
export interface Walk {
  /** Number of the newest visit when it began. */
  asOf: number
  /** As each page said. */
  totals: number[]
  /** Newest first. */
  ids: string[]
}

/** A signal to leave a held request when the writing is over and nothing is missing. */
function leaving(over: AbortSignal, hasAll: () => boolean) {
  const controller = new AbortController()
  const check = () => {
    if (hasAll()) controller.abort()
  }
  over.addEventListener('abort', check)
  return { signal: controller.signal, stop: () => over.removeEventListener('abort', check) }
}
