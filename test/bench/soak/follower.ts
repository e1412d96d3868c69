import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** A program that follows the feed of an account from its first visit on. */
export interface Follower {
  /** Visits so far. */
  count(): number
  /** Of their ids, in the order in which they came: `hashIds` of the log is the same when each came once. */
  digest(): string
  stop(): Promise<void>
}

export interface FollowerOptions {
  port: number
  headers: Record<string, string>
  tell: (problem: string) => void
}

interface Feed {
  data: { id: string }[]
  meta: { next_cursor: string }
}

export function startFollower({ port, headers, tell }: FollowerOptions): Follower {
  const hash = createHash('sha256')
  let isStopped = false
  // One for each request: fetch leaves its listener on a signal.
  let leave = new AbortController()
  let count = 0
  let cursor = ''
  const step = async () => {
    const url = `http://127.0.0.1:${port}/link/visits/feed?limit=1000&wait=20${cursor}`
    leave = new AbortController()
    const answer = await fetch(url, { headers, signal: leave.signal })
    if (answer.status !== 200) throw new Error(`answered with ${answer.status}: ${await answer.text()}`)
    const { data, meta } = (await answer.json()) as Feed
    for (const { id } of data) hash.update(id)
    count += data.length
    cursor = `&cursor=${meta.next_cursor}`
  }
  const following = (async () => {
    while (!isStopped) {
      await step().catch(async (error: Error) => {
        if (isStopped) return
        tell(`feed: ${error.message}`)
        await wait(200)
      })
    }
  })()
  return {
    count: () => count,
    digest: () => hash.copy().digest('hex'),
    async stop() {
      isStopped = true
      leave.abort()
      await following
    },
  }
}
