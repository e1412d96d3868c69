import type { Count, Counts, Group, Rest, Wanted } from './counts.js'
import { type GroupField, type TimeField, timeFields } from './dimensions.js'
import type { Value } from './facet.js'

/** A number of visits as the wire shows it. */
export interface ShownCount {
  visits: number
  people: number
  bots: number
  /** Of the people's. */
  suspected: number
}

export type ShownGroup = Partial<Record<GroupField | 'title', Value>> & ShownCount

export interface ShownGroups {
  groups: ShownGroup[]
  /** What was cut; null when nothing was. */
  other: ({ groups: number } & ShownCount) | null
}

export const shownCount = ({ people, bots, suspects }: Count): ShownCount => {
  return { visits: people + bots, people, bots, suspected: suspects }
}

/**
 * Groups in their order: most visits first, then by value. Of weekdays and hours all are given, in order, for each of the values
 * that `top` leaves.
 */
export function shownGroups(counts: Counts, wanted: Wanted, fields: GroupField[], top: number): ShownGroups {
  // What differs in its time only is one rank, so that no group can be left out before they are put together.
  const { groups, rest } = fields.some(isTime)
    ? { groups: counts.groups(wanted), rest: nothing }
    : counts.most(top, wanted)
  const ranks = ranked(groups, fields)
  const shown = ranks.slice(0, top).flatMap(({ values, members }) => withAllTimes(values, members, fields))
  const cut = ranks.slice(top)
  const others = cut.length + rest.groups
  return {
    groups: shown.map((group) => named(group, fields)),
    other: others === 0 ? null : { groups: others, ...shownCount(sumOf([...cut, rest])) },
  }
}

const nothing: Rest = { groups: 0, people: 0, bots: 0, suspects: 0 }

/** Groups that differ in weekday or hour only. */
interface Rank extends Count {
  /** The other values. */
  values: Value[]
  members: Group[]
}

function ranked(groups: Group[], fields: GroupField[]): Rank[] {
  if (!fields.some(isTime)) return groups.map((group) => ({ ...group, members: [group] })).sort(byVisits)
  const byOthers = new Map<Value | undefined, Group[]>()
  const other = fields.findIndex((field) => !isTime(field))
  for (const group of groups) {
    const members = byOthers.get(group.values[other])
    if (members === undefined) byOthers.set(group.values[other], [group])
    else members.push(group)
  }
  if (other < 0 && groups.length === 0) byOthers.set(undefined, [])
  const ranks = Array.from(byOthers, ([value, members]) => {
    return { values: value === undefined ? [] : [value], members, ...sumOf(members) }
  })
  return ranks.sort(byVisits)
}

/** Members in the order of their times, with those that have no visits. */
function withAllTimes(values: Value[], members: Group[], fields: GroupField[]): Group[] {
  if (!fields.some(isTime)) return members
  const keyOf = (group: Value[]) => group.join()
  const found = new Map(members.map((group) => [keyOf(group.values), group]))
  const choices = fields.map((field) => (isTime(field) ? valuesOfTime[field] : values))
  const [first = [], second = [undefined]] = choices
  return first.flatMap((one) =>
    second.map((two) => {
      const all = two === undefined ? [one] : [one, two]
      return found.get(keyOf(all)) ?? { values: all, people: 0, bots: 0, suspects: 0 }
    }),
  )
}

const valuesOfTime: Record<TimeField, number[]> = {
  weekday: Array.from({ length: 7 }, (_, day) => day + 1),
  hour: Array.from({ length: 24 }, (_, hour) => hour),
}

const isTime = (field: GroupField): field is TimeField => timeFields.some((time) => time === field)

function named({ values, ...count }: Group, fields: GroupField[]): ShownGroup {
  return { ...Object.fromEntries(fields.map((field, at) => [field, values[at]])), ...shownCount(count) }
}

function sumOf(counts: Count[]): Count {
  const sum = { people: 0, bots: 0, suspects: 0 }
  for (const { people, bots, suspects } of counts) {
    sum.people += people
    sum.bots += bots
    sum.suspects += suspects
  }
  return sum
}

function byVisits(a: Rank, b: Rank): number {
  return b.people + b.bots - a.people - a.bots || byValues(a.values, b.values)
}

/** What is not known comes last. */
function byValues(a: Value[], b: Value[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? null
    if (value === other) continue
    if (value === null || other === null) return value === null ? 1 : -1
    return value < other ? -1 : 1
  }
  return 0
}
