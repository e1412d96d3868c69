import { collectDefaultMetrics, type Registry } from 'prom-client'
import type { Notifications } from '../database/notifications.js'
import type { Database } from '../database/open.js'
import type { Load } from '../http/overload.js'
import { addGauge } from './metric.js'

export interface ProcessParts {
  db: Database
  notifications: Pick<Notifications, 'isListening'>
  load: Pick<Load, 'isHigh'>
}

/** The process itself (CPU, memory, event loop), and its ways to the database. */
export function measureProcess(registry: Registry, { db: { pool }, notifications, load }: ProcessParts): void {
  collectDefaultMetrics({ register: registry })
  addGauge(
    registry,
    { name: 'smart_link_database_connections', help: 'Connections of the pool.' },
    () => [
      [{ state: 'busy' }, pool.totalCount - pool.idleCount],
      [{ state: 'idle' }, pool.idleCount],
    ],
    ['state'],
  )
  const gauge = (name: string, help: string, read: () => number) => addGauge(registry, { name, help }, read)
  gauge('smart_link_database_connections_max', 'Most connections that the pool makes.', () => pool.options.max ?? 10)
  gauge('smart_link_database_waiting', 'Queries that wait for a connection of the pool.', () => pool.waitingCount)
  gauge('smart_link_notifications_listening', 'Whether word from other processes is heard.', () =>
    Number(notifications.isListening()),
  )
  gauge('smart_link_overloaded', 'Whether API requests are refused because the process is too busy.', () =>
    Number(load.isHigh()),
  )
}
