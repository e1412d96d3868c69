import type { ZoneClock } from '../../http/zone-clock.js'
import type { Calendar } from './calendar.js'
import { type Chunk, type CodeSums, type Codes, chunkSize, type PartName, partOf, partsOfWho } from './chunk.js'
import { type FacetName, facetOf, type GroupField, type TimeField, timeFields } from './dimensions.js'
import type { Facet, Value } from './facet.js'
import { bucketsOf, hoursOfWeek, type TimeSlots } from './time-slots.js'

/** What visits are sorted by: each has a code in its chunk, codes stand for keys, and keys for a value of every field. */
export interface Grouping {
  /** Groupings of the same name give visits the same codes. */
  readonly name: string
  /** Above all keys. */
  readonly size: number
  valuesOf(key: number): Value[]
  /** What a chunk must have for `codesOf`, and for `sumsOf`. */
  partsForCodes(chunk: Chunk): PartName[]
  partsForSums(chunk: Chunk): PartName[]
  /** The code of each visit; what is returned is overwritten by the next call, of any grouping by time. */
  codesOf(chunk: Chunk): Codes
  /** The key of each code; what is returned is overwritten by the next call. */
  keysOf(chunk: Chunk): ArrayLike<number>
  /** Sums of a whole chunk, without a look at its visits. */
  sumsOf(chunk: Chunk): CodeSums
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
  const groups = new Map<Value, number>()
  const values: Value[][] = []
  const keyOfEntry = Uint32Array.from(facet.entries, (entry) => {
    const own = fields.map((field) => entry[field] ?? null)
    const text = own.length === 1 ? (own[0] ?? null) : JSON.stringify(own)
    const known = groups.get(text) ?? values.push(own) - 1
    groups.set(text, known)
    return known
  })
  const keys = new Uint32Array(chunkSize)
  return {
    name,
    size: values.length,
    valuesOf: (key) => values[key] ?? [],
    partsForCodes: () => [name],
    partsForSums: () => [],
    codesOf: (chunk) => partOf(chunk, name),
    keysOf({ columns }) {
      const { entries } = columns[name]
      for (let code = 0; code < entries.length; code++) keys[code] = keyOfEntry[entries[code] ?? 0] ?? 0
      return keys.subarray(0, entries.length)
    },
    sumsOf: ({ columns }) => columns[name],
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
): Pick<Grouping, 'name' | 'partsForCodes' | 'partsForSums' | 'codesOf' | 'keysOf' | 'sumsOf'> {
  return {
    name: slots.name,
    partsForCodes: (chunk) => (slots.needsTimes(chunk) ? ['times'] : []),
    partsForSums: (chunk) => (slots.needsVisits(chunk) ? ['times', ...partsOfWho(chunk)] : []),
    codesOf: (chunk) => slots.codesOf(chunk).codes,
    keysOf: (chunk) => slots.slotsOf(chunk).map(keyOf),
    sumsOf: (chunk) => slots.sumsOf(chunk),
  }
}
