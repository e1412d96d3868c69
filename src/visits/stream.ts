import { setTimeout as rest } from 'node:timers/promises'
import { type Shown, shownOf } from '../audit/read.js'
import type { Database } from '../database/open.js'
import { HttpError } from '../http/errors.js'
import type { GiveWay } from '../http/giving-way.js'
import type { Arrivals } from './arrivals.js'
import { type FeedSource, feedEnd, readFeed } from './feed.js'
import type { VisitView } from './resource.js'

export interface StreamDeps {
  db: Database
  arrivals: Arrivals
  giveWay: GiveWay
  /** The cursor that stands for a position of the source. */
  cursorAt: (position: number) => string
}

export interface StreamRequest {
  source: FeedSource
  view: VisitView
  /** Everything up to here has been read. */
  after: number
  heartbeatMs: number
  /** Asked before anything is read. */
  isWelcome: () => Promise<boolean>
  /** Told of visits before they go out. */
  note: (shown: Shown) => void
  /** The reader has left. */
  gone: AbortSignal
}

/** Visits of one step: a piece of about 50 KB, made when the one before it was taken. */
const mostAtOnce = 50
/** Between two steps at the end of the log: on a hot link visits come hundreds of times a second. */
const restMs = 50
/** After which an EventSource that lost its connection comes again. */
const retryMs = 1000

/**
 * Visits after a position as server-sent events, in the order of recording, as they are recorded. Ends when the server stops, the
 * reader leaves or is not welcome any more.
 *
 * The first event has an id and nothing else, so that a reader who is cut off before any visit came goes on from there all the
 * same. Nothing is read ahead of the reader, and no connection to the database is kept while waiting.
 */
export async function* visitEvents(deps: StreamDeps, request: StreamRequest): AsyncGenerator<string> {
  try {
    yield* events(deps, request)
  } catch (error) {
    // The link was deleted: whoever connects again is told so.
    if (!(error instanceof HttpError && error.status === 404)) throw error
  }
}

async function* events(
  { db, arrivals, giveWay, cursorAt }: StreamDeps,
  request: StreamRequest,
): AsyncGenerator<string> {
  const { source, view, heartbeatMs, isWelcome, note, gone } = request
  const isOver = () => gone.aborted || arrivals.closing.aborted
  let position = request.after
  yield `retry: ${retryMs}\nid: ${cursorAt(position)}\n\n`
  while (!isOver() && (await isWelcome())) {
    let end = await feedEnd(db, source)
    if (end.last > position) {
      const slice = await readFeed(db, source, end, position, mostAtOnce, view)
      position = slice.position
      if (slice.items.length > 0) {
        note(shownOf(slice.positions))
        yield slice.items.map((visit, at) => event(cursorAt(slice.positions[at] ?? position), visit)).join('')
      }
      await (slice.isWhole ? rest(restMs) : giveWay())
      continue
    }
    await arrivals.until(source, heartbeatMs, gone, async () => {
      end = await feedEnd(db, source)
      return end.last > position
    })
    if (end.last <= position && !isOver()) yield ':\n\n'
  }
}

/** JSON has no line breaks, so it is one line of data. */
const event = (id: string, visit: string) => `event: visit\nid: ${id}\ndata: ${visit}\n\n`
