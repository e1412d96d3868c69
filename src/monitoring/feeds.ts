import type { Registry } from 'prom-client'
import type { Arrivals } from '../visits/arrivals.js'
import type { OpenStreams } from '../visits/open-streams.js'
import { addGauge } from './metric.js'

/** Who waits for visits. */
export function measureFeeds(
  registry: Registry,
  arrivals: Pick<Arrivals, 'waiting'>,
  streams: Pick<OpenStreams, 'number'>,
): void {
  const gauge = (name: string, help: string, read: () => number) => addGauge(registry, { name, help }, read)
  gauge('smart_link_feeds_waiting', 'Feeds and streams that wait for a visit.', () => arrivals.waiting())
  gauge('smart_link_streams_open', 'Open streams of visits.', () => streams.number)
}
