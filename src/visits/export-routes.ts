import { pipeline, Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { may } from '../accounts/scopes.js'
import { requireNumbers } from '../audit/numbers.js'
import type { Shown } from '../audit/read.js'
import type { Reads } from '../audit/reads.js'
import type { Config } from '../config.js'
import { type Database, statement } from '../database/open.js'
import { spareMemory } from '../heap.js'
import type { Welcome } from '../http/authenticate.js'
import { acceptedCoding, compressor } from '../http/content-coding.js'
import { invalid } from '../http/errors.js'
import type { GiveWay, StartGivingWay } from '../http/giving-way.js'
import { varyingBy } from '../http/headers.js'
import { cutWhenIdle } from '../http/patience.js'
import type { Api } from '../http/validate.js'
import type { LinkPositions } from '../links/positions.js'
import { ownedLink } from '../links/repository.js'
import { linkParams } from '../links/schema.js'
import { exportAnswer, lostVisitsAnswer } from './answers.js'
import type { Cursors, FeedPlace } from './cursor.js'
import { type ExportFormat, type ExportPiece, exportedVisits } from './files/export.js'
import { mostRows } from './files/walk.js'
import { personalFilters, visitFilters } from './filters.js'
import { frozenAt } from './frozen.js'
import type { OpenStreams } from './open-streams.js'
import { exportQuery } from './schema.js'
import { settledPlace } from './settled-place.js'

export interface ExportRoutesDeps {
  db: Database
  cursors: (epoch: number) => Promise<Cursors>
  /** Those under way. */
  exports: OpenStreams
  isWelcome: Welcome
  startGivingWay: StartGivingWay
  reads: Pick<Reads, 'note' | 'noteEach'>
  config: Pick<Config, 'outputZone' | 'defaultCountry' | 'streamHeartbeatMs'>
}

/** For how many signs of life of a stream a reader may take nothing: a minute, as configured by default. */
const idleHeartbeats = 4

/**
 * All matching visits of a link as one file, oldest recorded first, up to the newest at the start of the answer.
 *
 * The trailers say how many rows it has and give a cursor of its end, from which a later export goes on, or the link's feed.
 * An answer that broke off goes on with `after`, the id of the last whole row. It breaks off where the token is revoked, expires or
 * may not see as much any more, and for a reader that takes nothing.
 */
export function exportRoutes(api: Api, deps: ExportRoutesDeps): void {
  const { db, cursors, exports, isWelcome, startGivingWay, reads, config } = deps
  const schema = {
    operationId: 'exportVisits' as const,
    summary: 'Download the visits of a link',
    description:
      'Oldest recorded first, up to the newest at the start of the answer. The trailers `X-Row-Count` and `X-Next-Cursor` say how many rows there are and where a later export, or the feed, goes on. An answer that broke off goes on with `after`; it does where the token is not accepted any more, and where nothing of it is taken for long.',
    tags: ['Visits'],
    params: linkParams,
    querystring: exportQuery(config.outputZone, config.defaultCountry),
    response: { 200: exportAnswer, 409: lostVisitsAnswer },
  }

  api.get('/link/urls/:id/visits/export', { schema, config: { scope: 'visits:read' } }, async (request, reply) => {
    const { params, query, caller } = request
    const filters = visitFilters(query)
    const view = { pii: may(caller, 'visits:pii'), zone: config.outputZone }
    const read = { operation: schema.operationId, linkId: params.id, filters: personalFilters(filters) } as const
    requireNumbers(reads, request, read)

    const newest = await ownedLink(db, caller.ownerId, params.id)
    const link = query.as_of === undefined ? newest : await frozenAt(db, newest, query.as_of, filters)
    const signing = await cursors(newest.epoch)
    const { position: after, erased } = await startOf(db, newest, query, signing)
    const giveWay = startGivingWay(restMs)
    let isOnTheWay = false
    const rowsAtOnce = () => (isOnTheWay ? fewRows : mostRows)
    const pieces = exportedVisits(db, link, { format: query.format, filters, after, view, rowsAtOnce })
    const end = signing.write({
      ...{ ownerId: link.ownerId, linkId: link.id, position: link.visits, erased },
      epoch: newest.epoch,
    })
    return sendFile(request, reply, {
      name: `visits-${link.id}`,
      format: query.format,
      pieces,
      note: reads.noteEach(request, read),
      end,
      isWelcome: () => isWelcome(request),
      begin: () => exports.open(caller.ownerId),
      idleMs: idleHeartbeats * config.streamHeartbeatMs,
      giveWay: async () => {
        isOnTheWay = await giveWay()
        return isOnTheWay
      },
    })
  })
}

interface ExportFile {
  name: string
  format: ExportFormat
  pieces: AsyncGenerator<ExportPiece, void>
  /** Told of visits before they go out. */
  note: (shown: Shown) => void
  /** Cursor of its end. */
  end: string
  /** Asked before each piece goes out. */
  isWelcome: () => Promise<boolean>
  /** Counts it among those under way. @returns to be called once when it is not any more */
  begin: () => () => void
  idleMs: number
  giveWay: GiveWay
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, format, pieces, note, end, isWelcome, begin, idleMs, giveWay }: ExportFile,
) {
  const coding = format === 'parquet' ? null : acceptedCoding(request.headers['accept-encoding'])
  const headers = {
    'content-type': contentTypes[format],
    'content-disposition': `attachment; filename="${name}.${format}"`,
    'cache-control': 'private, no-store',
    ...varyingBy(reply, 'Authorization, Accept-Encoding'),
    ...(coding !== null && { 'content-encoding': coding }),
  }
  if (request.method === 'HEAD') return reply.headers(headers).send(Readable.from([]))

  // Whoever has left meanwhile would never close what is opened for them.
  if (reply.raw.destroyed) return reply.send(Readable.from([]))
  const close = once(begin())
  reply.raw.once('close', close)
  // What fails at once is still answered as an error.
  const first = await pieces.next().catch((error: unknown) => {
    close()
    throw error
  })
  const isChunked = request.raw.httpVersion === '1.1'
  reply.headers({ ...headers, ...(isChunked && { trailer: 'X-Row-Count, X-Next-Cursor' }) })
  if (!isChunked) resetOnClose(request, true)
  async function* body() {
    let visits = 0
    const enough = spareMemory()
    try {
      for (let next = first; !next.done; ) {
        if (!(await isWelcome())) return cut(request, reply)
        visits += next.value.visits
        note(next.value.shown)
        if (next.value.data.length > 0) yield next.value.data
        await giveWay()
        next = await pieces.next()
      }
      if (isChunked) reply.raw.addTrailers({ 'X-Row-Count': String(visits), 'X-Next-Cursor': end })
      else resetOnClose(request, false)
    } catch (error) {
      // Never a file that seems whole.
      reply.raw.destroy()
      throw error
    } finally {
      close()
      enough()
      await pieces.return()
    }
  }
  cutWhenIdle(reply.raw, idleMs)
  const plain = Readable.from(body(), { highWaterMark: 1 })
  // Either end takes the other with it, also when the client leaves.
  return reply.send(coding === null ? plain : pipeline(plain, compressor(coding), () => {}))
}

/** What is on its way already is not delivered either. */
function cut(request: FastifyRequest, reply: FastifyReply): void {
  resetOnClose(request, true)
  reply.raw.destroy()
}

function once(close: () => void): () => void {
  let isClosed = false
  return () => {
    if (!isClosed) close()
    isClosed = true
  }
}

/** HTTP/1.0 ends a body with its connection: only a reset tells that it broke off. resetAndDestroy() would end it in order first. */
function resetOnClose({ raw: { socket } }: FastifyRequest, resetAndClosing: boolean): void {
  Object.assign(socket, { resetAndClosing })
}

/** While requests arrive: visits of a piece, a millisecond's work for PostgreSQL and one for this process, and the rest after it. */
const fewRows = 50
const restMs = 10

const contentTypes: Record<ExportFormat, string> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
}

type ExportQuery = z.output<ReturnType<typeof exportQuery>>

/**
 * The place after which the file begins. Whoever starts anew reads blank what is blank by now.
 *
 * @throws HttpError 422 for a cursor or a visit of another link, 409 for a cursor that has seen visits which the log
 * has lost
 */
async function startOf(
  db: Database,
  link: LinkPositions,
  { cursor, after }: ExportQuery,
  cursors: Cursors,
): Promise<FeedPlace> {
  if (after !== undefined) {
    const { rows } = await db.pool.query<{ seq: string }>(positionOf([link.ownerId, after, link.id]))
    if (rows[0] === undefined) throw invalid({ after: ['The after field must be the id of a visit of this link.'] })
    // What was blanked since that visit was read is not known.
    return { position: Number(rows[0].seq), erased: 0, epoch: link.epoch }
  }
  if (cursor === undefined) return { position: 0, erased: link.lastErased, epoch: link.epoch }
  const at = cursors.read(cursor)
  if (at === null || at.ownerId !== link.ownerId || at.linkId !== link.id)
    throw invalid({ cursor: ['The cursor field must be a cursor of this link.'] })
  const end = { ...link, first: link.firstSeq, last: link.visits }
  return settledPlace(db, cursors, { ownerId: link.ownerId, linkId: link.id }, end, at)
}

const positionOf = statement('SELECT seq FROM visits WHERE user_id = $1 AND id = $2 AND link_id = $3')
