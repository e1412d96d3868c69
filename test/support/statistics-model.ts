/** Statistics in the plainest way: every visit is looked at, and calendars are asked about every quarter of an hour. */
import type { NewVisit } from '../../src/visits/visit.js'

export interface ModelVisit extends NewVisit {
  link: number
  /** Token of its recipient. */
  token: string | null
}

export interface ModelQuery {
  filter: Record<string, string>
  from: Date | null
  to: Date | null
  bots: 'include' | 'exclude' | 'only'
  timezone: string
  interval: 'hour' | 'day' | 'week' | 'month' | null
  groupBy: string[]
  top: number
}

interface Counted {
  visits: number
  people: number
  bots: number
  suspected: number
}

const quarterMs = 900_000

export function modelStatistics(all: ModelVisit[], query: ModelQuery) {
  const visits = all.filter((visit) => isWanted(visit, query))
  const people = visits.filter(({ isBot }) => !isBot)
  const recipients = people.flatMap(({ link, recipientId }) => (recipientId === null ? [] : [`${link} ${recipientId}`]))
  return {
    totals: {
      ...count(visits),
      unique_visitors: new Set(people.map(({ clientIp, userAgent }) => JSON.stringify([clientIp, userAgent]))).size,
      recipients_reached: new Set(recipients).size,
    },
    series: query.interval === null ? null : series(visits, query, query.interval),
    ...(query.groupBy.length === 0 ? { groups: null, other: null } : groups(visits, query)),
  }
}

function count(visits: ModelVisit[]): Counted {
  const bots = visits.filter(({ isBot }) => isBot).length
  const suspected = visits.filter((visit) => suspicionOf(visit) !== null).length
  return { visits: visits.length, people: visits.length - bots, bots, suspected }
}

/** Only what people do can be suspected. */
function suspicionOf({ isBot, options }: ModelVisit): string | null {
  return !isBot && options !== null && 'suspect' in options && options.suspect === 'network' ? 'network' : null
}

function isWanted(visit: ModelVisit, { filter, from, to, bots }: ModelQuery): boolean {
  if (from !== null && visit.createdAt < from) return false
  if (to !== null && visit.createdAt >= to) return false
  if (bots !== 'include' && visit.isBot !== (bots === 'only')) return false
  return Object.entries(filter).every(([name, text]) => {
    const value = filteredBy(visit, name)
    const values = text.split(',')
    const wanted = values.filter((one) => !one.startsWith('-'))
    const isUnwanted = values.some((one) => one === `-${value}`)
    return !isUnwanted && (wanted.length === 0 || wanted.includes(String(value)))
  })
}

function filteredBy(visit: ModelVisit, name: string): string | number | null {
  if (name === 'token') return visit.token
  if (name === 'client_ip') return visit.clientIp
  return name === 'suspect' ? suspicionOf(visit) : fieldOf(visit, name, 'UTC')
}

function fieldOf(visit: ModelVisit, name: string, timezone: string): string | number | null {
  const { userAgent, place, createdAt } = visit
  switch (name) {
    case 'browser':
      return userAgent.browser
    case 'platform':
      return userAgent.platform
    case 'device_type':
      return userAgent.deviceType
    case 'device_brand':
      return userAgent.deviceBrand
    case 'country_code':
      return place?.countryCode ?? null
    case 'region':
      return place?.region ?? null
    case 'city':
      return place?.city ?? null
    case 'browser_lang':
      return visit.browserLang
    case 'host':
      return visit.host
    case 'link':
      return visit.link
    case 'weekday':
      return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(local(createdAt.getTime(), timezone).weekday) + 1
    case 'hour':
      return Number(local(createdAt.getTime(), timezone).hour)
    default:
      throw new Error(`no field ${name}`)
  }
}

function groups(visits: ModelVisit[], { groupBy, top, timezone }: ModelQuery) {
  const isTime = (field: string) => field === 'weekday' || field === 'hour'
  const others = groupBy.filter((field) => !isTime(field))
  const valuesOf = (visit: ModelVisit, fields: string[]) => fields.map((field) => fieldOf(visit, field, timezone))
  const ranks = grouped(visits, (visit) => JSON.stringify(valuesOf(visit, others))).map(([key, members]) => {
    return { values: JSON.parse(key) as (string | number | null)[], members }
  })
  if (others.length === 0 && ranks.length === 0) ranks.push({ values: [], members: [] })
  ranks.sort((a, b) => b.members.length - a.members.length || byValues(a.values, b.values))
  const cut = ranks.slice(top)
  const rows = ranks.slice(0, top).flatMap(({ values, members }) => {
    const combinations = groupBy
      .map((field) => {
        if (field === 'weekday') return [1, 2, 3, 4, 5, 6, 7]
        if (field === 'hour') return Array.from({ length: 24 }, (_, hour) => hour)
        return [values[others.indexOf(field)] ?? null]
      })
      .reduce<(string | number | null)[][]>(
        (before, choices) => before.flatMap((one) => choices.map((choice) => [...one, choice])),
        [[]],
      )
    return combinations.map((combination) => {
      const own = members.filter((visit) => valuesOf(visit, groupBy).every((value, at) => value === combination[at]))
      return { ...Object.fromEntries(groupBy.map((field, at) => [field, combination[at]])), ...count(own) }
    })
  })
  return {
    groups: rows,
    other: cut.length === 0 ? null : { groups: cut.length, ...count(cut.flatMap(({ members }) => members)) },
  }
}

function byValues(a: (string | number | null)[], b: (string | number | null)[]): number {
  const at = a.findIndex((value, nth) => value !== b[nth])
  const [x, y] = [a[at] ?? null, b[at] ?? null]
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
  return x < y ? -1 : 1
}

function grouped<T>(items: T[], keyOf: (item: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>()
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item])
  return [...found]
}

type Interval = NonNullable<ModelQuery['interval']>

/** Walks through time by quarters of an hour, from before the first bucket, and notes where another begins. */
function series(visits: ModelVisit[], { from, to, timezone }: ModelQuery, interval: Interval) {
  const times = visits.map(({ createdAt }) => createdAt.getTime())
  if (times.length === 0 && (from === null || to === null)) return []
  const first = from?.getTime() ?? Math.min(...times)
  const last = to === null ? Math.max(...times) : to.getTime() - 1
  if (last < first) return []
  const counts = new Map(grouped(visits, ({ createdAt }) => label(createdAt.getTime(), timezone, interval)))
  let start = Math.floor(first / quarterMs) * quarterMs
  while (label(start - quarterMs, timezone, interval) === label(first, timezone, interval)) start -= quarterMs
  const buckets: (Counted & { start: string })[] = []
  let before = ''
  for (let time = start; time <= last; time += quarterMs) {
    const one = label(time, timezone, interval)
    if (one !== before) buckets.push({ start: localTime(time, timezone), ...count(counts.get(one) ?? []) })
    before = one
  }
  return buckets
}

/** What times of the same bucket have in common. */
function label(time: number, timezone: string, interval: Interval): string {
  const { date, hour, offset, weekday } = local(time, timezone)
  if (interval === 'hour') return `${date} ${hour} ${offset}`
  if (interval === 'day') return date
  if (interval === 'month') return date.slice(0, 7)
  const sinceMonday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(weekday)
  return new Date(Date.parse(`${date}T00:00:00Z`) - sinceMonday * 86_400_000).toISOString().slice(0, 10)
}

function localTime(time: number, timezone: string): string {
  const { date, hour, rest, offset } = local(time, timezone)
  return `${date}T${hour}:${rest}${offset}`
}

const formatters = new Map<string, Intl.DateTimeFormat>()

type Local = ReturnType<typeof localOf>

const known = new Map<string, Local>()

function local(time: number, timezone: string): Local {
  const key = `${timezone} ${time}`
  const found = known.get(key) ?? localOf(time, timezone)
  known.set(key, found)
  return found
}

function localOf(time: number, timezone: string) {
  let formatter = formatters.get(timezone)
  formatter ??= new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
    weekday: 'short',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  })
  formatters.set(timezone, formatter)
  const part = Object.fromEntries(formatter.formatToParts(time).map(({ type, value }) => [type, value]))
  return {
    date: `${part.year}-${part.month}-${part.day}`,
    hour: String(part.hour),
    rest: `${part.minute}:${part.second}`,
    weekday: String(part.weekday),
    offset: part.timeZoneName === 'GMT' ? '+00:00' : String(part.timeZoneName).replace('GMT', ''),
  }
}
