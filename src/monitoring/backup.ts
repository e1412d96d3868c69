import type { Registry } from 'prom-client'
import { lastBackup } from '../backup/record.js'
import type { Database } from '../database/open.js'
import { addGauge } from './metric.js'
import { whenAsked } from './when-asked.js'

/** Missing where smart-link backup has never been run: PostgreSQL's own tools may do it. */
export function measureBackup(registry: Registry, db: Database): void {
  const last = whenAsked(() => lastBackup(db))
  addGauge(
    registry,
    {
      name: 'smart_link_last_backup_timestamp_seconds',
      help: 'The moment that the newest backup of everything is of. The same of every process.',
    },
    async () => {
      const takenAt = await last()
      return takenAt && takenAt.getTime() / 1000
    },
  )
}
