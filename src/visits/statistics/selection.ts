import type { VisitFilters } from '../filters.js'
import { type Chunk, chunkSize, type PartName, quarterMs } from './chunk.js'
import { type FacetName, facetNames, facetOf } from './dimensions.js'
import type { Facet, Value } from './facet.js'
import type { PositionFilter } from './positions.js'

/** Which visits are wanted. */
export interface Selection {
  /** Half-open, in milliseconds; infinite where it is open. */
  from: number
  to: number
  /** For the facets that matter: whether an entry is wanted, by its number. */
  wanted: Partial<Record<FacetName, Uint8Array>>
  /** These facets. */
  limited: FacetName[]
  /** Which visits are wanted: all, suspected ones, or others. */
  suspects: 'all' | 'only' | 'none' | 'nothing'
  /** All that decides what they leave of a log; null: all of it. */
  filter: string | null
  /** null: at any position. */
  positions: PositionFilter | null
}

/** @param links that count; null: all */
export function selectionOf(
  { conditions, from, to }: VisitFilters,
  facets: Record<FacetName, Facet>,
  links: number[] | null,
  positions: PositionFilter | null,
): Selection {
  const wanted: Selection['wanted'] = {}
  const limit = (name: FacetName, isWanted: (entry: Value[]) => boolean) => {
    const before = wanted[name]
    wanted[name] = Uint8Array.from(facets[name].entries, (entry, at) => (before?.[at] !== 0 && isWanted(entry) ? 1 : 0))
  }
  for (const { name, include, exclude } of conditions) {
    const facet = facetOf(name)
    if (facet === null) continue
    limit(facet.name, (entry) => {
      const value = String(entry[facet.at] ?? '')
      // What is not known is not the unwanted value: values of filters are never empty.
      return (include.length === 0 || include.includes(value)) && !exclude.includes(value)
    })
  }
  const counted = new Set<Value>(links)
  const isGone = (link: Value) => links !== null && !counted.has(link)
  const gone = facets.link.entries.flatMap(([link = null]) => (isGone(link) ? [link] : []))
  if (gone.length > 0) limit('link', ([link = null]) => !isGone(link))
  const ofSums = conditions.filter(({ name }) => name === 'suspect' || facetOf(name) !== null)
  const isFiltered = ofSums.length > 0 || gone.length > 0
  return {
    ...{ from: from?.getTime() ?? -Infinity, to: to?.getTime() ?? Infinity, wanted, positions },
    suspects: suspectsWanted(conditions),
    limited: facetNames.filter((name) => wanted[name] !== undefined),
    filter: isFiltered ? JSON.stringify([ofSums, gone]) : null,
  }
}

/** There is one suspicion, so that a filter asks for all that are suspected, or for the others. */
function suspectsWanted(conditions: VisitFilters['conditions']): Selection['suspects'] {
  const found = conditions.find(({ name }) => name === 'suspect')
  if (found === undefined) return 'all'
  if (found.exclude.length === 0) return 'only'
  return found.include.length === 0 ? 'none' : 'nothing'
}

/** How the visits of a chunk can be told apart that are wanted of it. */
export interface Look {
  /** Runs of visits are in the range, out of it, or cut by an end of it. */
  time: 'in' | 'some runs' | 'cut'
  /** Facets of which some entries are wanted, and others not. */
  limiting: FacetName[]
  /** Whether some visits are wanted, and others not, because they are suspected or not. */
  bySuspicion: boolean
  /** Whether positions matter. */
  byPosition: boolean
}

/** A chunk of which visits may be wanted. */
export interface Seen {
  chunk: Chunk
  look: Look
}

/** null: of which none can be. */
export interface LookedAt {
  chunk: Chunk
  look: Look | null
}

/** A look at a chunk's sums; null when no visit can be wanted. */
export function lookAt(chunk: Chunk, selection: Selection): Look | null {
  const time = timeOf(chunk, selection)
  const { wanted, limited, positions, suspects } = selection
  const shares = limited.map((name) => share(chunk.columns[name].entries, wanted[name]))
  const suspected = shareOfSuspects(chunk, suspects)
  if (
    time === null ||
    shares.includes('none') ||
    suspected === 'none' ||
    (positions !== null && !isNear(chunk, positions))
  )
    return null
  return {
    time,
    limiting: limited.filter((_, at) => shares[at] === 'some'),
    bySuspicion: suspected === 'some',
    byPosition: positions !== null,
  }
}

/** Whether all visits of a chunk are wanted. */
export const isAll = (look: Look) => isAllOfFilter(look) && look.limiting.length === 0 && !look.bySuspicion

/** Whether all visits are wanted that the facets leave. */
export const isAllOfFilter = ({ time, byPosition }: Look) => time === 'in' && !byPosition

/** Parts of a chunk by which the wanted visits are found. */
export function partsToSelect({ time, limiting, bySuspicion, byPosition }: Look): PartName[] {
  return [
    ...limiting,
    ...(time === 'cut' ? (['times'] as const) : []),
    ...(bySuspicion ? (['suspects'] as const) : []),
    ...(byPosition ? (['offsets'] as const) : []),
  ]
}

function timeOf({ runs }: Chunk, { from, to }: Selection): Look['time'] | null {
  if (runs.low * quarterMs >= from && (runs.high + 1) * quarterMs <= to) return 'in'
  if ((runs.high + 1) * quarterMs <= from || runs.low * quarterMs >= to) return null
  let isIn = true
  let isOut = true
  for (let run = 0; run < runs.length; run++) {
    const start = (runs.quarters[run] ?? 0) * quarterMs
    if (start >= from && start + quarterMs <= to) isOut = false
    else if (start + quarterMs > from && start < to) return 'cut'
    else isIn = false
  }
  if (isOut) return null
  return isIn ? 'in' : 'some runs'
}

function share(entries: ArrayLike<number>, wanted: Uint8Array | undefined): 'all' | 'some' | 'none' {
  let count = 0
  for (let code = 0; code < entries.length; code++) count += wanted?.[entries[code] ?? 0] ?? 0
  if (count === 0) return 'none'
  return count === entries.length ? 'all' : 'some'
}

function shareOfSuspects({ length, suspects }: Chunk, wanted: Selection['suspects']): 'all' | 'some' | 'none' {
  if (wanted === 'all' || wanted === 'nothing') return wanted === 'all' ? 'all' : 'none'
  const left = wanted === 'only' ? suspects : length - suspects
  if (left === 0) return 'none'
  return left === length ? 'all' : 'some'
}

function isNear({ first }: Chunk, { included }: PositionFilter): boolean {
  if (included === null || included.size > chunkSize) return true
  for (const position of included) if (position >= first && position < first + chunkSize) return true
  return false
}
