import { inStretches } from '../event-loop.js'
import { formatTime } from './time.js'

/** From `start` up to `end`, clocks are ahead of UTC by `offset`; all in milliseconds. */
export interface Piece {
  start: number
  end: number
  offset: number
}

/** Clocks of a time zone: what they show, and when they are changed. */
export class ZoneClock {
  readonly zone: string
  /** The piece that was asked for last, and its part of the year that was asked for: times come nearly in order. */
  #last: Piece = { start: 0, end: 0, offset: 0 }
  #from = 0
  #to = 0

  constructor(zone: string) {
    this.zone = zone
  }

  /** The piece that has this time. Where it ends, clocks are changed, or another year's pieces begin. */
  pieceAt(time: number): Piece {
    if (time < this.#from || time >= this.#to) {
      const year = new Date(time).getUTCFullYear()
      const pieces = piecesOfYear(this.zone, year)
      this.#last = pieces.findLast(({ start }) => start <= time) ?? this.#last
      // Of the days around the year others know better: there a piece begins or ends where no clock is changed.
      this.#from = Math.max(this.#last.start, Date.UTC(year, 0))
      this.#to = Math.min(this.#last.end, Date.UTC(year + 1, 0))
    }
    return this.#last
  }

  /** All pieces that have a part between two times, both included, from one change of clocks to the next. */
  pieces(from: number, to: number): Piece[] {
    const found: Piece[] = []
    for (let time = from; time <= to; ) {
      const piece = this.pieceAt(time)
      const before = found.at(-1)
      if (before?.offset === piece.offset) found[found.length - 1] = { ...before, end: piece.end }
      else found.push({ ...piece, start: Math.max(piece.start, before?.end ?? piece.start) })
      time = piece.end
    }
    return found
  }
}

/**
 * Looks for the changes of clocks between two times, in stretches: whoever asks for them within the next moment is answered at once.
 * Not for more time than anybody shows.
 */
export async function prepareYears(zone: string, from: number, to: number): Promise<void> {
  const rest = inStretches()
  const [first, last] = [new Date(from).getUTCFullYear(), new Date(to).getUTCFullYear()]
  if (last - first > mostPrepared) return
  for (let year = first; year <= last; year++) {
    piecesOfYear(zone, year)
    const others = rest()
    if (others !== undefined) await others
  }
}

const mostPrepared = 200

/** By how much clocks of a zone are ahead of UTC, in milliseconds. */
export function zoneOffsetMs(time: number, zone: string): number {
  const pieces = piecesOfYear(zone, new Date(time).getUTCFullYear())
  return pieces.findLast(({ start }) => start <= time)?.offset ?? 0
}

const known = new Map<string, Piece[]>()

/**
 * Pieces of a year and of some days around it. Looked for once: every sixth day is asked, and where two differ the second is searched.
 * No zone has changed its clocks and changed them back within less than seven (Recife did so in October 2000).
 */
function piecesOfYear(zone: string, year: number): Piece[] {
  const key = `${zone} ${year}`
  const found = known.get(key)
  if (found !== undefined) return found
  const end = Date.UTC(year + 1, 0) + aroundMs
  let piece = pieceFrom(Date.UTC(year, 0) - aroundMs, end, zone)
  const pieces = [piece]
  for (let time = piece.start; time < end && zone !== 'UTC'; ) {
    const next = Math.min(time + stepMs, end)
    if (offsetAt(next, zone) === piece.offset) time = next
    else {
      piece.end = firstOther(time, next, piece.offset, zone)
      if (piece.end === end) break
      piece = pieceFrom(piece.end, end, zone)
      pieces.push(piece)
      time = piece.start
    }
  }
  if (known.size >= 2_000) known.clear()
  known.set(key, pieces)
  return pieces
}

const dayMs = 86_400_000
const stepMs = 6 * dayMs
const aroundMs = 2 * dayMs

const pieceFrom = (start: number, end: number, zone: string): Piece => ({ start, end, offset: offsetAt(start, zone) })

/** The first second after `low` at which the offset is another; at `high` it is. */
function firstOther(low: number, high: number, offset: number, zone: string): number {
  if (high - low <= 1000) return high
  const middle = low + Math.floor((high - low) / 2000) * 1000
  return offsetAt(middle, zone) === offset
    ? firstOther(middle, high, offset, zone)
    : firstOther(low, middle, offset, zone)
}

/** @param time a whole second */
function offsetAt(time: number, zone: string): number {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = formatTime(new Date(time), zone)
    .split(/[- :]/)
    .map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) - time
}
