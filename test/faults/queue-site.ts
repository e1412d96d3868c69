import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type NatsCluster, startNats } from './nats.js'
import type { ServerProcess } from './server.js'
import { faultSite, type Site } from './site.js'

/** A site whose servers have a queue in front of the log. */
export interface QueueSite extends Site {
  nats: NatsCluster
  /** A server with the queue. */
  queued(env?: Record<string, string>, only?: string): Promise<ServerProcess>
  /** Visits that wait in the queue. */
  waiting(stream?: string): Promise<number>
  /** Waits until the queue is empty. */
  drained(stream?: string): Promise<void>
}

/** As `faultSite`, with a NATS cluster of so many nodes on which every visit is kept on each. */
export function queueSite(size: number): () => QueueSite {
  const site = faultSite()
  let nats: NatsCluster | null = null
  beforeAll(async () => {
    nats = await startNats(size)
  })
  afterEach(async () => {
    await nats?.start()
  })
  afterAll(async () => {
    await nats?.destroy()
  })
  return () => {
    if (nats === null) throw new Error('NATS is there when tests run')
    return withQueue(site(), nats, size)
  }
}

function withQueue(site: Site, nats: NatsCluster, size: number): QueueSite {
  const waiting = async (stream = 'smart-link') => {
    const { nats: connection, manager } = await nats.open()
    const { state } = await manager.streams.info(stream).finally(() => connection.close())
    return state.messages
  }
  return {
    ...site,
    nats,
    waiting,
    queued: (env = {}, only) =>
      site.server({ env: { NATS_URL: nats.url, NATS_REPLICAS: String(size), ...env }, ...(only && { only }) }),
    drained: (stream) => expect.poll(() => waiting(stream).catch(() => null), { interval: 100 }).toBe(0),
  }
}
