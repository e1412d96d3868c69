import { Counter, Gauge, type Metric, type Registry } from 'prom-client'
import type { Distribution } from '../measures.js'

/** What every metric says of itself. Names end in their unit, those of counters in `_total`. */
export interface Described {
  name: string
  help: string
}

export type Labels = Record<string, string>

/** One value, one for each combination of labels, or null while it is not known. */
export type Reading = number | [labels: Labels, value: number][] | null

/**
 * Metrics are read when somebody asks for them: what is measured keeps plain numbers, and nothing is done for it while
 * requests are answered.
 *
 * @param labelNames of all labels that a reading has
 */
export function addGauge(
  registry: Registry,
  described: Described,
  read: () => Reading | Promise<Reading>,
  labelNames: string[] = [],
): void {
  new Gauge({
    ...described,
    labelNames,
    registers: [registry],
    async collect() {
      const reading = await read()
      this.reset()
      for (const [labels, value] of labelled(reading)) this.set(labels, value)
      if (reading === null) this.remove({})
    },
  })
}

/** The same for what only grows. */
export function addCounter(
  registry: Registry,
  described: Described,
  read: () => Reading,
  labelNames: string[] = [],
): void {
  new Counter({
    ...described,
    labelNames,
    registers: [registry],
    collect() {
      const reading = read()
      this.reset()
      for (const [labels, value] of labelled(reading)) this.inc(labels, value)
    },
  })
}

function labelled(reading: Reading): [Labels, number][] {
  if (reading === null) return []
  return typeof reading === 'number' ? [[{}, reading]] : reading
}

/** The same for distributions: prom-client's own histogram takes a hundred times as long to count. */
export function addHistogram(
  registry: Registry,
  { name, help }: Described,
  read: () => [labels: Labels, distribution: Distribution][],
): void {
  const get = async () => {
    const values = read().flatMap(([labels, distribution]) => series(name, labels, distribution))
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
  // As much of a metric as a registry asks for.
  registry.registerMetric({ name, get } as unknown as Metric)
}

function series(name: string, labels: Labels, { bounds, counts, sum }: Distribution) {
  let count = 0
  const buckets = counts.map((inRange, index) => {
    count += inRange
    const le = String(bounds[index] ?? '+Inf')
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
