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
 * @throws HttpError 404 for a link that is missing or foreign, 422 for too many buckets, 503 when it takes too long
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
    const { db } = digests
    const asked = { digest, source, request, saveIn: db }
    const isEnough = (there: SourceState) => isReached(there, state) && !digest.isPast(there)
    const found = await db.replicas.read((replica) => fromDatabase(replica, { ...asked, isEnough }))
    return found ?? (await fromDatabase(db, asked)) ?? Promise.reject(tooSlow())
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
  /** Whether the server that is read has got far enough. */
  isEnough?: (there: SourceState) => boolean
}

/**
 * One transaction, unless much has to be read from the log: then several, and what they have made is kept after each.
 *
 * @returns null when the server is not far enough, or it takes too long
 */
async function fromDatabase(
  db: Database,
  { digest, source, request, saveIn, isEnough = () => true }: Asked,
): Promise<StatisticsAt | null> {
  const giveUpAt = performance.now() + searchTimeoutMs
  for (;;) {
    const found = await inTransaction(readerOf(db, source.ownerId), async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      await client.query(`SET LOCAL statement_timeout = ${searchTimeoutMs}`)
      const state = await readState(client, source)
      if (!isEnough(state)) return 'behind'
      if (!(await digest.follow(client, state))) return null
      const personal = request.filters.conditions.filter(isPersonal)
      const positions = personal.length === 0 ? null : await findPositions(client, source, personal)
      const question = new Question(request)
      const tally = question.tallyOf(digest, state, positions)
      await digest.addTo(tally, client)
      return { state, statistics: question.answerOf(tally, digest, state) }
    })
    const made = digest.takeMade()
    if (made.length > 0) await withoutWaiting(saveIn, (client) => saveBlocks(client, source, digest, made))
    if (found === 'behind') return null
    if (found !== null) return found
    if (performance.now() > giveUpAt) return null
  }
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
