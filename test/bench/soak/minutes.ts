import { median } from '../compare.js'
import { residentMegabytes } from '../process-usage.js'
import type { Mix } from './mix.js'

/** What is told of a minute. */
export interface Minute {
  nth: number
  clicksPerSecond: number
  /** Of redirects, in milliseconds; a click counts from when it was due. */
  p50: number
  p99: number
  /** Median of the server's process. */
  megabytes: number
  errors: number
}

const lookEveryMs = 2_000

/** Everything at once for a minute. */
export async function runMinute(
  { together, server, problems }: Mix,
  { nth, rate, seconds }: { nth: number; rate: number; seconds: number },
): Promise<Minute> {
  const errors = () => [...problems.values()].reduce((sum, times) => sum + times, 0)
  const before = errors()
  const samples = [await residentMegabytes(server.pid)]
  const look = () => residentMegabytes(server.pid).then((megabytes) => samples.push(megabytes))
  const timer = setInterval(look, lookEveryMs)
  const { clicks } = await together(seconds, rate).finally(() => clearInterval(timer))
  const { perSecond, p50, p99 } = clicks
  return { nth, clicksPerSecond: perSecond, p50, p99, megabytes: median(samples), errors: errors() - before }
}

export const minuteColumns = ['minute', 'clicks/s', 'p50 ms', 'p99 ms', 'memory, MB', 'errors']

export const minuteRow = ({ nth, clicksPerSecond, p50, p99, megabytes, errors }: Minute) => [
  String(nth),
  Math.round(clicksPerSecond).toLocaleString('en'),
  p50.toFixed(1),
  p99.toFixed(1),
  megabytes.toFixed(0),
  String(errors),
]
