import type { Interval } from '../range.js'

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options)

const hour = format({ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const day = format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
const month = format({ month: 'long', year: 'numeric' })
const shortHour = format({ hour: '2-digit', minute: '2-digit' })
const shortDay = format({ day: 'numeric', month: 'short' })
const shortMonth = format({ month: 'short' })
const year = format({ year: 'numeric' })

/** A bucket by its start, in full. */
export function bucketName(start: Date, interval: Interval): string {
  if (interval === 'hour') return hour.format(start)
  if (interval === 'month') return month.format(start)
  return interval === 'week' ? `Week of ${day.format(start)}` : day.format(start)
}

/** As short as it can be below an axis: where a day or a year begins, that is what matters. */
export function bucketMark(start: Date, interval: Interval, isFirst: boolean): string {
  if (interval === 'hour') return start.getHours() === 0 ? shortDay.format(start) : shortHour.format(start)
  if (interval === 'month') return start.getMonth() === 0 || isFirst ? year.format(start) : shortMonth.format(start)
  return shortDay.format(start)
}
