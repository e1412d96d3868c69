import { Agent, get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** Clicks that go on until they are stopped, each with a query string of its own. */
export interface Clicks {
  /** Query strings of the clicks that were sent on: their visits must be in the log. */
  answered: Set<string>
  /** How often each other status came. */
  refused: Map<number, number>
  /** Clicks without an answer: whether they were stored is open. */
  broken: number
  stop(): Promise<void>
}

let next = 0

/** Opens the tokens in turn. A few connections: the machine is also the server's and the database's. */
export function startClicks(port: number, tokens: string[], connections = 8): Clicks {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const clicks: Clicks = { answered: new Set(), refused: new Map(), broken: 0, stop: async () => {} }
  let isStopped = false
  const clickOn = async () => {
    while (!isStopped) {
      next += 1
      const query = `click=${next}`
      const status = await click(agent, port, `/${tokens[next % tokens.length]}?${query}`)
      if (status === 302) clicks.answered.add(query)
      else if (status !== null) clicks.refused.set(status, (clicks.refused.get(status) ?? 0) + 1)
      else {
        clicks.broken += 1
        // Nobody listens: as browsers do, not at once again.
        await wait(20)
      }
    }
  }
  const running = Array.from({ length: connections }, clickOn)
  clicks.stop = async () => {
    isStopped = true
    await Promise.all(running)
    agent.destroy()
  }
  return clicks
}

function click(agent: Agent, port: number, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const headers = { 'user-agent': `Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/1${next % 30}.0.0.0 Mobile` }
    const request = get({ agent, host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? null))
      response.once('error', () => resolve(null))
    })
    request.once('error', () => resolve(null))
  })
}
