import { zoneOffsetMs } from '../http/zone-clock.js'
import type { LinkRule, LinkRules } from '../links/rules.js'
import type { TokenTarget } from '../links/target.js'
import type { NewVisit } from '../visits/visit.js'
import { currentLanguage } from './language.js'

/**
 * Where a click goes: to the target of the first rule whose conditions its visit meets (links/rules.ts), or else to the link's
 * own. What is not known of a visit meets no condition.
 */
export function chooseTarget({ longUrl, rules }: Pick<TokenTarget, 'longUrl' | 'rules'>, visit: NewVisit): string {
  if (rules.length === 0) return longUrl
  for (const { conditions, target } of readyRules(rules)) {
    if (conditions.every((holds) => holds(visit))) return target
  }
  return longUrl
}

type Condition = (visit: NewVisit) => boolean

interface ReadyRule {
  conditions: Condition[]
  target: string
}

const ready = new WeakMap<LinkRules, ReadyRule[]>()

/** Taken apart once for as long as the link is in memory. */
function readyRules(rules: LinkRules): ReadyRule[] {
  const known = ready.get(rules)
  if (known !== undefined) return known
  const made = rules.map(({ when, long_url }) => ({ conditions: conditionsOf(when), target: long_url }))
  ready.set(rules, made)
  return made
}

function conditionsOf(when: LinkRule['when']): Condition[] {
  const { device_type, platform, country_code, browser_lang, from, to, between, weekday } = when
  return [
    device_type && isOneOf(device_type, (visit) => visit.userAgent.deviceType),
    platform && isOneOf(platform, (visit) => visit.userAgent.platform),
    country_code && isOneOf(country_code, (visit) => visit.place?.countryCode),
    browser_lang && isOneOf(browser_lang.map(currentLanguage), (visit) => visit.browserLang),
    from && isFrom(Date.parse(from)),
    to && isBefore(Date.parse(to)),
    between && isWithin(between, weekday ?? everyDay),
  ].filter((condition) => condition !== undefined && condition !== '')
}

function isOneOf(names: string[], read: (visit: NewVisit) => string | null | undefined): Condition {
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  return (visit) => wanted.has(read(visit)?.toLowerCase() ?? '')
}

const isFrom = (time: number): Condition => {
  return ({ createdAt }) => createdAt.getTime() >= time
}
const isBefore = (time: number): Condition => {
  return ({ createdAt }) => createdAt.getTime() < time
}

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const minuteMs = 60_000
const dayMinutes = 24 * 60

/** By the clocks on the wall, however often a day shows an hour. @param weekdays of the day on which the window begins */
function isWithin({ from, to, timezone }: NonNullable<LinkRule['when']['between']>, weekdays: number[]): Condition {
  const [begin, end] = [minutesOf(from), minutesOf(to)]
  const days = new Set(weekdays)
  return ({ createdAt }) => {
    const time = createdAt.getTime()
    const minutes = Math.floor((time + zoneOffsetMs(time, timezone)) / minuteMs)
    const day = Math.floor(minutes / dayMinutes)
    const minute = minutes - day * dayMinutes
    if (begin < end) return minute >= begin && minute < end && days.has(weekdayOf(day))
    if (minute >= begin) return days.has(weekdayOf(day))
    return minute < end && days.has(weekdayOf(day - 1))
  }
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
}

/** ISO 8601: Monday is 1. Days are counted from 1970-01-01, a Thursday. */
function weekdayOf(day: number): number {
  return ((day + 3) % 7) + 1
}
