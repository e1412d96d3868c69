import type { Interval } from '../range.js'
import { texts } from '../texts.js'

const { months, weekdays } = texts.calendar

/** A bucket by its start, in full. In words of ours: the first Intl.DateTimeFormat takes a slow device a fifth of a second. */
export function bucketName(start: Date, interval: Interval): string {
  const year = start.getFullYear()
  if (interval === 'month') return `${months[start.getMonth()]} ${year}`
  const day = `${weekdays[(start.getDay() + 6) % 7]} ${shortDay(start)}`
  if (interval === 'hour') return `${day}, ${clock(start)}`
  return interval === 'week' ? texts.charts.weekOf(`${day} ${year}`) : `${day} ${year}`
}

/** As short as it can be below an axis: where a day or a year begins, that is what matters. */
export function bucketMark(start: Date, interval: Interval, isFirst: boolean): string {
  if (interval === 'hour') return start.getHours() === 0 ? shortDay(start) : clock(start)
  if (interval === 'month') return start.getMonth() === 0 || isFirst ? String(start.getFullYear()) : shortMonth(start)
  return shortDay(start)
}

const shortMonth = (date: Date) => months[date.getMonth()]?.slice(0, 3) ?? ''
const shortDay = (date: Date) => `${date.getDate()} ${shortMonth(date)}`
const clock = (date: Date) =>
  [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
