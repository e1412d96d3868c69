import { type Database, statement } from '../../database/open.js'
import { readerOf } from '../../database/owner-share.js'
import { inTransaction } from '../../database/transaction.js'
import { HttpError } from '../../http/errors.js'
import { searchTimeoutMs } from '../filtered.js'
import { saveBlocks, withoutWaiting } from './blocks.js'
import type { Digest } from './digest.js'
import type { Digests } from './digests.js'
import type { ShownGroup } from './groups.js'
import { findPositions, isPersonal } from './positions.js'
import { Question, type Statistics, type StatisticsRequest } from './question.js'
import { readState, type SourceState, type StatisticsSource } from './source.js'

/** Statistics of a log as it was in a state. */
export interface StatisticsAt {
  state: SourceState
  statistics: Statistics
}

/**
 * Statistics of a log at one moment, equal to what counting its visits one by one gives.
 *
 * Whoever changes or removes visits, user agents or places has nothing to tell it: triggers on these tables remove the blocks that
 * had them, in the same transaction, and count the change, so that what servers have in memory is read again
 * (prisma/migrations/20261125090000_statistics). What only the link knows (`first_seq`, `reached`) is read with each answer; who
 * changes something else that is shown raises the link's `revision`.
 *
 * @param state of the log, read just now
 * @throws HttpError 404 for a link that is missing or foreign, 422 for too many buckets, 503 when it takes too long; where that is
 *   because too few blocks are made yet, with how far it is, and it is gone on with
 */
export async function readStatistics(
  digests: Digests,
  source: StatisticsSource,
  state: SourceState,
  request: StatisticsRequest,
): Promise<StatisticsAt> {
  const found = await digests.use(source, async (digest) => {
    const remembered = await fromMemory(digest, state, request)
    if (remembered !== null) return remembered
    const { db, limitMs } = digests
    const asked = { digest, source, request, saveIn: db, limitMs }
    const isEnough = (there: SourceState) => isReached(there, state) && !digest.isPast(there)
    const onReplica = await db.replicas.read((replica) => fromDatabase(replica, { ...asked, isEnough }))
    const found = onReplica ?? (await fromDatabase(db, asked))
    if (found === null || 'statistics' in found) return found ?? Promise.reject(tooSlow())
    digests.prepare(source, (digest) => prepareStep(db, source, digest))
    throw beingPrepared(found)
  })
  const { groups } = found.statistics
  if (groups === null || !request.groupBy.includes('link')) return found
  return { ...found, statistics: { ...found.statistics, groups: await withTitles(digests, source.ownerId, groups) } }
}

/** When nothing is new, and everything that is needed was needed before. */
async function fromMemory(
  digest: Digest,
  state: SourceState,
  request: StatisticsRequest,
): Promise<StatisticsAt | null> {
  if (!digest.isAt(state) || request.filters.conditions.some(isPersonal)) return null
  const question = new Question(request)
  const tally = question.tallyOf(digest, state, null, digest.nobody())
  const isComplete = await digest.addTo(tally, null)
  return isComplete ? { state, statistics: question.answerOf(tally, digest, state) } : null
}

interface Asked {
  digest: Digest
  source: StatisticsSource
  request: StatisticsRequest
  /** Where blocks are kept that were made on the way: a replica cannot keep any. */
  saveIn: Database
  /** After which it is given up while there is more to be read from the log. */
  limitMs: number
  /** Whether the server that is read has got far enough. */
  isEnough?: (there: SourceState) => boolean
}

/**
 * One transaction, unless much has to be read from the log: then several, and what they have made is kept after each.
 *
 * @returns null when the server is not far enough; how far it has come when it takes too long
 */
async function fromDatabase(
  db: Database,
  { digest, source, request, saveIn, limitMs, isEnough = () => true }: Asked,
): Promise<StatisticsAt | Progress | null> {
  const start = performance.now()
  let before: number | null = null
  for (;;) {
    const found = await inTransaction(readerOf(db, source.ownerId), async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      await client.query(`SET LOCAL statement_timeout = ${searchTimeoutMs}`)
      const state = await readState(client, source)
      if (!isEnough(state)) return 'behind'
      before ??= digest.readOf(state)
      if (!(await digest.follow(client, state))) return state
      const personal = request.filters.conditions.filter(isPersonal)
      const positions = personal.length === 0 ? null : await findPositions(client, source, personal)
      const question = new Question(request)
      const tally = question.tallyOf(digest, state, positions)
      await digest.addTo(tally, client)
      return { state, statistics: question.answerOf(tally, digest, state) }
    })
    await keepMade(saveIn, source, digest)
    if (found === 'behind') return null
    if ('statistics' in found) return found
    const workMs = performance.now() - start
    if (workMs < limitMs) continue
    const [read, all] = [digest.readOf(found), found.last - found.first + 1]
    return { read, all, leftMs: ((all - read) * workMs) / Math.max(read - (before ?? 0), 1) }
  }
}

/** How much of a log has been read for an answer that is not ready. */
interface Progress {
  read: number
  all: number
  /** How long it takes at the rate of what was read just now, without rest. */
  leftMs: number
}

/** Blocks that were made on the way. */
async function keepMade(db: Database, source: StatisticsSource, digest: Digest): Promise<void> {
  const made = digest.takeMade()
  if (made.length > 0) await withoutWaiting(db, (client) => saveBlocks(client, source, digest, made))
}

/** Few, so that an answer has its turn soon. */
const chunksOfStep = 4

/** @returns whether the end was reached */
async function prepareStep(db: Database, source: StatisticsSource, digest: Digest): Promise<boolean> {
  const isWhole = await inTransaction(readerOf(db, source.ownerId), async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    await client.query(`SET LOCAL statement_timeout = ${searchTimeoutMs}`)
    return digest.follow(client, await readState(client, source), chunksOfStep)
  })
  await keepMade(db, source, digest)
  return isWhole
}

/** Whether all that shows is there as it was, or later. Links that an owner has go and come at any time. */
function isReached(there: SourceState, state: SourceState): boolean {
  const grown = ['first', 'last', 'changes', 'revision', 'recipientsSent'] as const
  const isSame =
    there.epoch === state.epoch &&
    there.recipientsReached >= state.recipientsReached &&
    String(there.links) === String(state.links)
  return isSame && grown.every((name) => there[name] >= state[name])
}

async function withTitles({ db }: Digests, ownerId: number, groups: ShownGroup[]): Promise<ShownGroup[]> {
  const links = groups.map(({ link }) => link)
  const { rows } = await db.pool.query<{ id: number; title: string }>(selectTitles([ownerId, links]))
  const titles = new Map(rows.map(({ id, title }) => [id, title]))
  return groups.map(({ visits, people, bots, suspected, ...values }) => {
    return { ...values, title: titles.get(Number(values.link)) ?? '', visits, people, bots, suspected }
  })
}

const selectTitles = statement('SELECT id::float8, title FROM links WHERE user_id = $1 AND id = ANY ($2::int8[])')

const tooSlow = () =>
  new HttpError(503, 'The query took too long. Narrow it down.', { headers: { 'retry-after': '30' } })

/** The work goes on at half of the rate where there is more to do. */
const slowness = 2

function beingPrepared({ read, all, leftMs }: Progress): HttpError {
  const seconds = Math.max(Math.ceil((slowness * leftMs) / 1000), 1)
  const text = `The statistics are being prepared: ${read} of ${all} visits are counted. Try again in ${seconds} s.`
  return new HttpError(503, text, { headers: { 'retry-after': String(seconds) } })
}
