import type { Registry } from 'prom-client'
import type { ReadCounts } from '../audit/reads.js'
import { addCounter, addGauge } from './metric.js'

/** How the audit of who reads personal data gets on. */
export function measureAudit(registry: Registry, counts: ReadCounts): void {
  const waiting = { name: 'smart_link_audit_waiting', help: 'Entries of the audit of reads that are not stored yet.' }
  addGauge(registry, waiting, () => counts.waiting)
  const dropped = {
    name: 'smart_link_audit_dropped_total',
    help: 'Answers with personal data that are missing in the audit.',
  }
  addCounter(registry, dropped, () => counts.dropped)
}
