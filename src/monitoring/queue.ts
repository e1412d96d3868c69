import type { Registry } from 'prom-client'
import type { Queue } from '../queue/queue.js'
import type { Worker } from '../queue/worker.js'
import { addCounter, addGauge } from './metric.js'

/** The queue in front of the log, and what this process brings from it into the log. */
export function measureQueue(registry: Registry, queue: Queue, worker: Worker | null): void {
  const state = () => queue.state()
  const gauge = (name: string, help: string, read: () => number) => addGauge(registry, { name, help }, read)
  const ofAll = (name: string, help: string, read: () => number) =>
    gauge(name, `${help} The same of every process.`, read)
  gauge('smart_link_queue_problem', 'Whether the queue does not answer.', () => Number(state().problem !== null))
  ofAll('smart_link_queue_visits', 'Visits that wait in the queue.', () => state().messages)
  ofAll('smart_link_queue_bytes', 'Bytes of those visits.', () => state().bytes)
  ofAll('smart_link_queue_max_bytes', 'How many bytes the queue may hold.', () => state().maxBytes)
  ofAll('smart_link_queue_oldest_seconds', 'For how long the oldest of those visits has waited.', () => {
    const { oldest } = state()
    return oldest === null ? 0 : Math.max(0, Date.now() - oldest) / 1000
  })
  ofAll('smart_link_queue_refused', 'Messages of the queue that were set aside.', () => state().refused)
  if (worker === null) return

  const counter = (name: string, help: string, read: () => number) => addCounter(registry, { name, help }, read)
  const work = () => worker.state()
  gauge('smart_link_worker_partitions', 'Partitions of the queue that this process reads.', () => work().partitions)
  gauge('smart_link_worker_waiting', 'Visits from the queue that are not stored yet.', () => work().waiting)
  gauge('smart_link_worker_failing', 'Whether visits from the queue cannot be stored.', () =>
    Number(work().failure !== null),
  )
  counter('smart_link_worker_stored_total', 'Visits from the queue stored in the log.', () => work().totals.stored)
  counter('smart_link_worker_orphaned_total', 'Visits from the queue dropped because their link is gone.', () => {
    return work().totals.orphaned
  })
  counter('smart_link_worker_refused_total', 'Messages that were set aside.', () => work().totals.refused)
}
