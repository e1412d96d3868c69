import type { Registry } from 'prom-client'
import type { Replicas } from '../database/open.js'
import { addCounter, addGauge } from './metric.js'

/** Where reads go that replicas may answer. Without replicas there is nothing to tell. */
export function measureReplicas(registry: Registry, { replicas }: Replicas): void {
  if (replicas.length === 0) return
  addGauge(
    registry,
    { name: 'smart_link_replica_usable', help: 'Whether a replica is read from.' },
    () => replicas.map(({ name, isUsable }) => [{ replica: name }, Number(isUsable)]),
    ['replica'],
  )
  addGauge(
    registry,
    { name: 'smart_link_replica_lag_seconds', help: 'How long ago the primary was where a replica is.' },
    () => replicas.flatMap(({ name, lagMs }) => (lagMs === null ? [] : [[{ replica: name }, lagMs / 1000]])),
    ['replica'],
  )
  addCounter(
    registry,
    {
      name: 'smart_link_replica_reads_total',
      help: 'Reads that a replica answered, was not far enough for, or failed at. The primary has answered the last two.',
    },
    () =>
      replicas.flatMap(({ name, counts }) => {
        return Object.entries(counts).map(([outcome, count]): [Record<string, string>, number] => [
          { replica: name, outcome },
          count,
        ])
      }),
    ['replica', 'outcome'],
  )
}
