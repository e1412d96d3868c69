import type { Registry } from 'prom-client'
import type { Recorder } from '../capture/recorder.js'
import { addCounter, addGauge, addHistogram } from './metric.js'

/** Clicks on their way into the log, and the spool beside it. */
export function measureCapture(registry: Registry, recorder: Recorder): void {
  const gauge = (name: string, help: string, read: () => number | null) => addGauge(registry, { name, help }, read)
  const counter = (name: string, help: string, read: () => number) => addCounter(registry, { name, help }, read)
  const state = () => recorder.state()

  gauge('smart_link_visits_waiting', 'Visits that are not safe yet.', () => state().waiting)
  counter(
    'smart_link_visits_committed_total',
    'Visits stored in the log, or put into the queue.',
    () => state().totals.committed,
  )
  counter('smart_link_visits_spooled_total', 'Visits written to the spool, to be stored in the log later.', () => {
    return state().totals.spooled
  })
  counter('smart_link_visits_orphaned_total', 'Visits dropped because their link is gone.', () => {
    return state().totals.orphaned
  })
  counter('smart_link_visits_refused_total', 'Visits that the log will never take.', () => state().totals.refused)
  addHistogram(registry, { name: 'smart_link_commit_visits', help: 'Visits that were committed together.' }, () => [
    [{}, state().commitSizes],
  ])
  addHistogram(registry, { name: 'smart_link_commit_duration_seconds', help: 'Of one commit of visits.' }, () => [
    [{}, state().commitSeconds],
  ])
  gauge('smart_link_commits_failing', 'Whether the last commit of visits has failed.', () =>
    Number(state().failure !== null),
  )

  const spool = () => state().spool
  gauge('smart_link_spool_bytes', 'Visits on disk that wait for the database.', () => spool().bytes)
  gauge('smart_link_spool_max_bytes', 'How many bytes the spool may hold.', () => spool().maxBytes)
  gauge('smart_link_spool_files', 'Files in the spool.', () => spool().files)
  gauge('smart_link_spool_oldest_seconds', 'For how long the oldest file of the spool has been there.', () => {
    const { oldest } = spool()
    return oldest === null ? 0 : Math.max(0, Date.now() - oldest) / 1000
  })
  gauge('smart_link_spool_problem', 'Whether visits cannot be spooled: the spool is full or broken.', () =>
    Number(spool().problem !== null),
  )
}
