import type { Calendar } from './calendar.js'
import { type Chunk, type PartName, partOf } from './chunk.js'
import { type FacetName, facetOf, type GroupField, type TimeField, timeFields } from './dimensions.js'
import type { Facet, Value } from './facet.js'
import { bucketsOf, hoursOfWeek, type TimeSlots, uneven } from './time-slots.js'
import type { ZoneClock } from './zone-clock.js'

/** A key of each visit of a chunk. */
export type Keys = Uint32Array | Float64Array

/** What visits are sorted by: each has a key, and each key stands for a value of every field. */
export interface Grouping {
  /** Above all keys. */
  readonly size: number
  valuesOf(key: number): Value[]
  /** What a chunk must have for `addKeys`, and for `sumsOf`. */
  partsForKeys(chunk: Chunk): PartName[]
  partsForSums(chunk: Chunk): PartName[]
  /** Adds the key of each visit of a chunk, times `scale`. */
  addKeys(chunk: Chunk, scale: number, keys: Keys): void
  /** Calls back with the sums of a whole chunk, without looking at its visits. */
  sumsOf(chunk: Chunk, each: (key: number, people: number, bots: number) => void): void
}

/** Groupings by these fields, in their order: one for fields that come together. */
export function groupingsOf(fields: GroupField[], facets: Record<FacetName, Facet>, clock: ZoneClock): Grouping[] {
  const times = fields.flatMap((field) => timeFields.find((time) => time === field) ?? [])
  if (times.length === fields.length) return times.length === 0 ? [] : [clockGrouping(clock, times)]
  const places = fields.map(facetOf)
  const [first, second] = places
  if (first && second && first.name === second.name)
    return [facetGrouping(first.name, facets[first.name], [first.at, second.at])]
  return places.map((place) =>
    place === null ? clockGrouping(clock, times) : facetGrouping(place.name, facets[place.name], [place.at]),
  )
}

/** By one or two fields of a facet, such as browser and platform. */
function facetGrouping(name: FacetName, facet: Facet, fields: number[]): Grouping {
  const groups = new Map<string, number>()
  const values: Value[][] = []
  const keyOfEntry = Uint32Array.from(facet.entries, (entry) => {
    const own = fields.map((field) => entry[field] ?? null)
    const text = JSON.stringify(own)
    const known = groups.get(text) ?? values.push(own) - 1
    groups.set(text, known)
    return known
  })
  return {
    size: values.length,
    valuesOf: (key) => values[key] ?? [],
    partsForKeys: () => [name],
    partsForSums: () => [],
    addKeys(chunk, scale, keys) {
      const codes = partOf(chunk, name)
      const { entries } = chunk.columns[name]
      const keyOfCode = keys.slice(0, entries.length)
      for (let code = 0; code < entries.length; code++) keyOfCode[code] = scale * (keyOfEntry[entries[code] ?? 0] ?? 0)
      for (let at = 0; at < chunk.length; at++) keys[at] = (keys[at] ?? 0) + (keyOfCode[codes[at] ?? 0] ?? 0)
    },
    sumsOf({ columns }, each) {
      const { entries, visits, people } = columns[name]
      for (let code = 0; code < entries.length; code++) {
        const humans = people[code] ?? 0
        each(keyOfEntry[entries[code] ?? 0] ?? 0, humans, (visits[code] ?? 0) - humans)
      }
    },
  }
}

/** By what calendar and clocks show: weekday, hour, or both. */
function clockGrouping(clock: ZoneClock, fields: TimeField[]): Grouping {
  const part = { weekday: (hour: number) => Math.floor(hour / 24), hour: (hour: number) => hour % 24 }
  const sizes = { weekday: 7, hour: 24 }
  const [first = 'hour', second] = fields
  const shown = (field: TimeField, number: number) => (field === 'weekday' ? number + 1 : number)
  return {
    size: fields.reduce((size, field) => size * sizes[field], 1),
    valuesOf: (key) =>
      second === undefined
        ? [shown(first, key)]
        : [shown(first, Math.floor(key / sizes[second])), shown(second, key % sizes[second])],
    ...byTime(hoursOfWeek(clock), (hour) =>
      second === undefined ? part[first](hour) : part[first](hour) * sizes[second] + part[second](hour),
    ),
  }
}

/** By the buckets of a series; new ones get the next key. */
export function seriesGrouping(clock: ZoneClock, calendar: Calendar): Grouping {
  const keys = new Map<number, number>()
  const buckets: number[] = []
  let [last, lastKey] = [Number.NaN, 0]
  const keyOf = (bucket: number) => {
    if (bucket === last) return lastKey
    const known = keys.get(bucket) ?? buckets.push(bucket) - 1
    keys.set(bucket, known)
    last = bucket
    lastKey = known
    return known
  }
  return {
    get size() {
      return buckets.length
    },
    valuesOf: (key) => [buckets[key] ?? 0],
    ...byTime(bucketsOf(clock, calendar), keyOf),
  }
}

/** @param keyOf what a slot counts for */
function byTime(
  slots: TimeSlots,
  keyOf: (slot: number) => number,
): Pick<Grouping, 'partsForKeys' | 'partsForSums' | 'addKeys' | 'sumsOf'> {
  return {
    partsForKeys: (chunk) => (slots.slotsOf(chunk).isUneven ? ['times'] : []),
    partsForSums: (chunk) => (slots.needsVisits(chunk) ? ['times', 'humans'] : []),
    addKeys(chunk, scale, keys) {
      const { runs } = chunk
      const { ofRuns } = slots.slotsOf(chunk)
      for (let run = 0, at = 0; run < runs.length; run++) {
        const end = runs.ends[run] ?? 0
        const slot = ofRuns[run] ?? uneven
        if (slot !== uneven) {
          const key = scale * keyOf(slot)
          for (; at < end; at++) keys[at] = (keys[at] ?? 0) + key
        } else {
          const times = partOf(chunk, 'times')
          for (; at < end; at++) keys[at] = (keys[at] ?? 0) + scale * keyOf(slots.slotAt(times[at] ?? 0))
        }
      }
    },
    sumsOf(chunk, each) {
      const { slots: own, people, bots } = slots.sumsOf(chunk)
      for (let at = 0; at < own.length; at++) each(keyOf(own[at] ?? 0), people[at] ?? 0, bots[at] ?? 0)
    },
  }
}
