import { randomUUID } from 'node:crypto'
import type { NatsConnection } from '@nats-io/transport-node'
import { partitions } from './names.js'

/** Which workers there are. */
export interface Presence {
  /** Whether this worker should read the partition: they are dealt out evenly among those that were heard of lately. */
  isMine(partition: number): boolean
  leave(): void
}

const sayEveryMs = 1_000
const goneAfterMs = 5_000

/**
 * Workers tell each other that they are there, once a second. When they disagree for a moment, a partition waits or is
 * asked for in vain: who reads it is decided by the stream alone (partition.ts).
 */
export function joinWorkers(nats: NatsConnection, subject: string): Presence {
  const me = randomUUID()
  const heard = new Map<string, number>()
  const hear = (text: string) => {
    const [, isLeaving, id] = /^(-?)([\da-f-]{36})$/.exec(text) ?? []
    if (id === undefined) return
    if (isLeaving) heard.delete(id)
    else heard.set(id, performance.now())
  }
  const subscription = nats.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) hear(message.string())
    },
  })
  const say = (text: string) => {
    if (!nats.isClosed()) nats.publish(subject, text)
  }
  const living = () => {
    for (const [id, at] of heard) if (performance.now() - at > goneAfterMs) heard.delete(id)
    heard.set(me, performance.now())
    return [...heard.keys()].sort()
  }
  const timer = setInterval(() => say(me), sayEveryMs)
  timer.unref()
  say(me)
  return {
    isMine(partition) {
      const workers = living()
      return workers[partition % Math.min(workers.length, partitions)] === me
    },
    leave() {
      clearInterval(timer)
      subscription.unsubscribe()
      say(`-${me}`)
    },
  }
}
