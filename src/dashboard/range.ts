import { instantOfWall, localInput } from './format.js'
import { ownZone } from './surroundings.js'

export type Interval = 'hour' | 'day' | 'week' | 'month'

export const presets = ['24h', '7d', '30d', '90d', '12m'] as const

export type Preset = (typeof presets)[number]

export const usualPreset: Preset = '30d'

/** A time to look at, half-open. It begins and ends with whole buckets, so that none is shown cut. */
export interface Range {
  /** null: chosen by the person. */
  preset: Preset | null
  from: Date
  to: Date
  interval: Interval
}

/**
 * The range that a place asks for: `range`, or `from` and `to` by the clocks of the person.
 *
 * @param now presets end with the bucket that has it
 */
export function rangeOf({ range, from, to }: Record<string, string>, now: Date): Range {
  const given = [from, to].map((wall) => (wall === undefined ? null : instantOfInput(wall)))
  const [start, end] = given
  if (start && end && start < end) return { preset: null, from: start, to: end, interval: intervalFor(start, end) }
  const preset = presets.find((name) => name === range) ?? usualPreset
  return { preset, ...presetRange(preset, now) }
}

/** What a place has to say for a range of the person's own. */
export function paramsOf(from: Date, to: Date): Record<'range' | 'from' | 'to', string | undefined> {
  return { range: undefined, from: localInput(from), to: localInput(to) }
}

/** Why the ends that somebody has given are not a range; null: they are one. */
export function rangeProblem(from: string, to: string): 'early' | 'order' | null {
  const [start, end] = [instantOfInput(from), instantOfInput(to)]
  if (start === null || end === null) return 'early'
  return start < end ? null : 'order'
}

function presetRange(preset: Preset, now: Date): Omit<Range, 'preset'> {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()]
  const days = { '7d': 7, '30d': 30, '90d': 90 }
  if (preset === '24h') {
    const hour = new Date(now).setMinutes(0, 0, 0)
    return { from: new Date(hour - 23 * hourMs), to: new Date(hour + hourMs), interval: 'hour' }
  }
  if (preset === '12m')
    return { from: new Date(year, month - 11, 1), to: new Date(year, month + 1, 1), interval: 'month' }
  return { from: new Date(year, month, day - days[preset] + 1), to: new Date(year, month, day + 1), interval: 'day' }
}

/** So that there are neither too few buckets to see a shape nor too many to see one of them. */
function intervalFor(from: Date, to: Date): Interval {
  const days = (to.getTime() - from.getTime()) / (24 * hourMs)
  if (days <= 4) return 'hour'
  if (days <= 120) return 'day'
  return days <= 400 ? 'week' : 'month'
}

/** null: it is none, or before 1970, where the API's time begins. */
function instantOfInput(wall: string): Date | null {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(wall)) return null
  const instant = instantOfWall(`${wall.slice(0, 10)} ${wall.slice(11) || '00:00'}:00`, ownZone)
  return instant.getTime() >= 0 ? instant : null
}

const hourMs = 3_600_000
