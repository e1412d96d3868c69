import { onFirstUse } from './on-first-use.js'
import { serverZone } from './surroundings.js'

const withSeconds = onFirstUse(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }))
const day = onFirstUse(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' }))

export const formatExactTime = (instant: Date) => withSeconds().format(instant)
export const formatDay = (instant: Date) => day().format(instant)

const relative = onFirstUse(() => new Intl.RelativeTimeFormat('en', { numeric: 'auto' }))
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** 3 hours ago. */
export function formatAgo(instant: Date, now = Date.now()): string {
  const seconds = (instant.getTime() - now) / 1000
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return relative().format(Math.round(seconds / size), unit as Intl.RelativeTimeFormatUnit)
}

/** `2026-11-23 05:14:52`, which is in the server's zone, as an instant. */
export function instantOfWall(wall: string, zone = serverZone): Date {
  const asUtc = Date.parse(`${wall.replace(' ', 'T')}Z`)
  // Twice: what the zone is at that time is known only roughly the first time, near a change of clocks.
  const guess = asUtc - offsetAt(asUtc, zone)
  return new Date(asUtc - offsetAt(guess, zone))
}

/** By how many milliseconds the clocks of a zone are ahead of UTC. */
function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day: date = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(instant / 1000) * 1000
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
  const made = new Intl.DateTimeFormat('en-GB', { ...fields, second: 'numeric', hourCycle: 'h23', timeZone: zone })
  clocks.set(zone, made)
  return made
}

/** `2026-11-23T05:14`, as fields of a form have it, in the zone of the person. */
export function localInput(instant: Date): string {
  return new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const regions = onFirstUse(() => new Intl.DisplayNames('en', { type: 'region' }))
const languages = onFirstUse(() => new Intl.DisplayNames('en', { type: 'language' }))

export const countryName = (code: string) => named(() => regions().of(code), code)
export const languageName = (code: string) => named(() => languages().of(code), code)

/** Codes that are none are shown as they are. */
function named(name: () => string | undefined, code: string): string {
  try {
    return name() ?? code
  } catch {
    return code
  }
}
