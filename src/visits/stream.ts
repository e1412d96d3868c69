import { setTimeout as rest } from 'node:timers/promises'
import { type Shown, shownOf } from '../audit/read.js'
import type { Database } from '../database/open.js'
import { HttpError } from '../http/errors.js'
import type { GiveWay } from '../http/giving-way.js'
import type { Arrivals } from './arrivals.js'
import type { FeedPlace } from './cursor.js'
import { readErased } from './erased.js'
import { type FeedSource, feedEnd, hasMore, readFeed } from './feed.js'
import type { VisitView } from './resource.js'

export interface StreamDeps {
  db: Database
  arrivals: Arrivals
  giveWay: GiveWay
  /** The cursor that stands for a place of the source. */
  cursorAt: (place: FeedPlace) => string
}

export interface StreamRequest {
  source: FeedSource
  view: VisitView
  /** How far the reader has come. */
  from: FeedPlace
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
/** Blanked visits of one event: as much. */
const mostErasedAtOnce = 1000
/** Between two steps at the end of the log: on a hot link visits come hundreds of times a second. */
const restMs = 50
/** After which an EventSource that lost its connection comes again. */
const retryMs = 1000

/**
 * Visits after a place as server-sent events, in the order of recording, as they are recorded; and which of them were blanked.
 * Ends when the server stops, the reader leaves or is not welcome any more, and when the log is not the one any more that it began
 * with: whoever connects again with the last id is told where to go on.
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
  const { epoch } = request.from
  let { position, erased } = request.from
  yield `retry: ${retryMs}\nid: ${cursorAt({ position, erased, epoch })}\n\n`
  while (!isOver() && (await isWelcome())) {
    let end = await feedEnd(db, source)
    if (end.epoch !== epoch) return
    if (hasMore(end, { position, erased, epoch })) {
      const told = await readErased(db, source, end, erased, mostErasedAtOnce)
      const slice = await readFeed(db, source, end, position, mostAtOnce, view)
      const pieces = slice.items.map((visit, at) => {
        return event(
          'visit',
          cursorAt({ position: slice.positions[at] ?? position, erased: told.erased, epoch }),
          visit,
        )
      })
      if (told.ids.length > 0) {
        pieces.unshift(
          event('erasure', cursorAt({ position, erased: told.erased, epoch }), JSON.stringify({ ids: told.ids })),
        )
      }
      position = slice.position
      erased = told.erased
      if (slice.items.length > 0) note(shownOf(slice.positions))
      if (pieces.length > 0) yield pieces.join('')
      await (slice.isWhole && erased === end.lastErased ? rest(restMs) : giveWay())
      continue
    }
    await arrivals.until(source, heartbeatMs, gone, async () => {
      end = await feedEnd(db, source)
      return hasMore(end, { position, erased, epoch }) || !(await isWelcome())
    })
    if (!hasMore(end, { position, erased, epoch }) && !isOver()) yield ':\n\n'
  }
}

/** JSON has no line breaks, so it is one line of data. */
const event = (name: string, id: string, data: string) => `event: ${name}\nid: ${id}\ndata: ${data}\n\n`
