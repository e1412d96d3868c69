import type { AuditedOperation } from './endpoints.js'

/** What is read. */
export interface Read {
  operation: AuditedOperation
  /** null: all links of the account. */
  linkId: number | null
  /** Names of filters by personal data; their values are never kept. */
  filters: readonly string[]
}

/**
 * What an answer, or a part of one, shows: how many rows, and the lowest and the highest position among them; null without
 * rows. Positions are those of the log that is read, of a link or of the account; of recipients, their numbers.
 */
export interface Shown {
  rows: number
  first: number | null
  last: number | null
}

export const nothingShown: Shown = { rows: 0, first: null, last: null }

/** @param positions of the rows, in any order */
export function shownOf(positions: readonly number[]): Shown {
  if (positions.length === 0) return nothingShown
  let [first, last] = [Infinity, -Infinity]
  for (const position of positions) {
    if (position < first) first = position
    if (position > last) last = position
  }
  return { rows: positions.length, first, last }
}

/** What was read with one token in one minute, as it is written. */
export interface ReadEntry {
  id: string
  ownerId: number
  tokenId: string | null
  operation: string
  linkId: number | null
  /** Numbers were masked: what counts is that the request named some. */
  isMasked: boolean
  answers: number
  rows: number
  first: number | null
  last: number | null
  filters: Set<string>
  /** Unix milliseconds. */
  firstAt: number
  lastAt: number
}

/** What adds up of the same reads. */
export type Seen = Pick<ReadEntry, 'answers' | 'rows' | 'first' | 'last' | 'firstAt' | 'lastAt'> & {
  filters: Iterable<string>
}

export function addSeen(entry: ReadEntry, other: Seen): void {
  entry.answers += other.answers
  entry.rows += other.rows
  if (other.first !== null && (entry.first === null || other.first < entry.first)) entry.first = other.first
  if (other.last !== null && (entry.last === null || other.last > entry.last)) entry.last = other.last
  for (const filter of other.filters) entry.filters.add(filter)
  entry.firstAt = Math.min(entry.firstAt, other.firstAt)
  entry.lastAt = Math.max(entry.lastAt, other.lastAt)
}
