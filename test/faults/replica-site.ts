import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { bearer, testSecret } from '../support/app.js'
import { openStream as openStreamOf } from '../support/event-stream.js'
import { type Clicks, startClicks } from './clicks.js'
import { storeTokens, tokens } from './ledger.js'
import { type Cluster, startPrimary } from './replica-cluster.js'
import { type ServerProcess, startServer } from './server.js'

/** A primary with a replica, and servers on them. */
export interface ReplicaSite {
  dataDir: string
  primary: Cluster
  replica: Cluster
  server(env?: Record<string, string>, url?: string): Promise<ReplicaServer>
  /** Until the test ends. */
  click(server: ReplicaServer): Clicks
}

export interface ReplicaServer extends ServerProcess {
  address: string
  headers: Record<string, string>
  /** The answer of the API, which must be 200. */
  get<T>(path: string): Promise<T>
  /** How reads from the replica went so far. */
  reads(): Promise<{ answered: number; behind: number; failed: number }>
  isReplicaUsable(): Promise<boolean>
}

/** For the file that calls it. */
export function replicaSite(): () => ReplicaSite {
  let site: ReplicaSite | null = null
  let root = ''
  const servers: ServerProcess[] = []
  const clicking: Clicks[] = []
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'smart-link-replica-'))
    await chmod(root, 0o711)
    const primary = await startPrimary(join(root, 'database'))
    const replica = await primary.replica('replica')
    await storeTokens(primary.url)
    const dataDir = join(root, 'data')
    site = {
      ...{ dataDir, primary, replica },
      async server(env = {}, url = primary.url) {
        const metrics = { METRICS_TOKEN: metricsToken, JWT_SECRET: testSecret, LOG_LEVEL: 'info' }
        const replicas = { DATABASE_REPLICA_URLS: replica.url, RATE_LIMIT: '0' }
        const server = await startServer({ url, dataDir, env: { ...metrics, ...replicas, ...env } })
        servers.push(server)
        return replicaServer(server)
      },
      click(server) {
        const clicks = startClicks(server.port, tokens, 4)
        clicking.push(clicks)
        return clicks
      },
    }
  })
  afterEach(async () => {
    for (const clicks of clicking.splice(0)) await clicks.stop()
    for (const server of servers.splice(0)) await server.kill()
    await site?.replica.thaw()
    await site?.replica.start()
  })
  afterAll(async () => {
    await site?.replica.kill()
    await site?.primary.kill()
    await rm(root, { recursive: true, force: true })
  })
  return () => {
    if (site === null) throw new Error('the site is there when tests run')
    return site
  }
}

const metricsToken = 'a-token-for-metrics'

function replicaServer(server: ServerProcess): ReplicaServer {
  const address = `http://127.0.0.1:${server.port}`
  const headers = bearer({ sub: '1' })
  const metrics = async () => {
    const answer = await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })
    return answer.text()
  }
  const metricOf = (text: string, name: string) => {
    const line = text.split('\n').find((line) => line.startsWith(`smart_link_replica_${name}`))
    return Number(line?.split(' ').at(-1))
  }
  return {
    ...server,
    ...{ address, headers },
    async get<T>(path: string) {
      const answer = await fetch(address + path, { headers })
      const text = await answer.text()
      expect(answer.status, `${path} ${text}`).toBe(200)
      return JSON.parse(text) as T
    },
    async reads() {
      const text = await metrics()
      const name = text.match(/smart_link_replica_usable(\{[^}]*)\}/)?.[1]
      const count = (outcome: string) => metricOf(text, `reads_total${name},outcome="${outcome}"}`)
      return { answered: count('answered'), behind: count('behind'), failed: count('failed') }
    },
    isReplicaUsable: async () => metricOf(await metrics(), 'usable') === 1,
  }
}

/** What comes true sooner or later. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { interval: 20 })

/** A stream of a server in another process. */
export const openStream = ({ port, headers }: ReplicaServer, path: string) =>
  openStreamOf({ app: { server: { address: () => ({ port }) } } as never }, path, headers)
