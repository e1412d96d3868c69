import { median } from '../compare.js'
import type { Minute } from './minutes.js'
import type { Settled } from './settle.js'

export interface Verdict {
  what: string
  found: string
  asked: string
  holds: boolean
}

const settlingMinutes = 5
const mostGrowth = 1.1
const mostOfP99 = 2

/**
 * Memory and p99 of the minutes after the first five, or after the first third of a short soak: the highest of the later half against the
 * median of the earlier half.
 */
export function steadyVerdicts(minutes: Minute[]): Verdict[] {
  const counted = minutes.slice(Math.min(settlingMinutes, Math.floor(minutes.length / 3)))
  const half = Math.floor(counted.length / 2)
  const verdict = (what: string, of: (minute: Minute) => number, unit: string, most: number): Verdict => {
    const [earlier, later] = [median(counted.slice(0, half).map(of)), Math.max(...counted.slice(half).map(of))]
    return {
      what: `${what}: highest minute of the later half against the median of the earlier half`,
      found: `${later.toFixed(1)} of ${earlier.toFixed(1)} ${unit}`,
      asked: `at most ${most} times`,
      holds: later <= most * earlier,
    }
  }
  return [
    verdict('memory', ({ megabytes }) => megabytes, 'MB', mostGrowth),
    verdict('p99 of redirects', ({ p99 }) => p99, 'ms', mostOfP99),
  ]
}

/** What needs no measure. */
export function exactVerdicts(settled: Settled, problems: Map<string, number>): Verdict[] {
  const { redirected, stored, followed, told, findings } = settled
  const errors = [...problems.values()].reduce((sum, times) => sum + times, 0)
  const count = (number: number) => number.toLocaleString('en')
  return [
    { what: 'errors', found: count(errors), asked: 'none', holds: errors === 0 },
    {
      what: 'visits stored, redirects answered (with those of the peak)',
      found: `${count(stored)}, ${count(redirected)}`,
      asked: 'as many',
      holds: stored === redirected,
    },
    {
      what: 'findings of doctor',
      found: findings.slice(0, 3).join('; ') || '0',
      asked: 'none',
      holds: findings.length === 0,
    },
    {
      what: 'visits that the follower of the feed saw',
      found: count(followed.count),
      asked: 'each of the log once, in its order',
      holds: followed.isTheLog,
    },
    {
      what: 'visits of links with a webhook, not delivered, delivered again',
      found: [told.visits, told.missing, told.again].map(count).join(', '),
      asked: 'all delivered',
      holds: told.missing === 0,
    },
  ]
}
