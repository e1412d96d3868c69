import type { StagedVisit } from '../../visits/files/staging.js'
import { storeVisits } from '../../visits/files/store.js'
import { wireKeys } from '../../visits/files/wire-keys.js'
import { wireRowReader } from '../../visits/files/wire-row.js'
import { type Reached, readReached, writeReached } from '../memory.js'
import { checked, feedAnswer, pageAnswer, type SourceRow } from './answers.js'
import type { Copy } from './copy.js'
import { type CopiedLink, type CopiedLinks, perPage, placeLateLink } from './links.js'
import { LostPlace, oldestFirst } from './page-walk.js'
import { SourceError } from './source.js'

/** As many as one statement stores well. */
const storedAtOnce = 2000
const feedLimit = 1000
/** Links whose pages are asked for at the same time, so that waiting for answers does not make it slower than it may be. */
const lanes = 4

const nothing: Reached = { anchor: null, copied: 0 }

/** Follows the feed of all links from where the last run ended. */
export async function copyByFeed(copy: Copy, links: CopiedLinks): Promise<void> {
  let reached = await readReached(copy.db, copy.memory, '')
  const total = Array.from(links.values(), ({ visits }) => visits).reduce((sum, visits) => sum + visits, 0)
  for (;;) {
    copy.signal.throwIfAborted()
    const { data, meta } = await readFeed(copy, reached.anchor)
    await storeRows(copy, data, await localNumbers(copy, links, data))
    if (data.length >= feedLimit && meta.next_cursor === reached.anchor) {
      throw new SourceError('The feed of visits does not go on: its cursor stays the same.')
    }
    reached = { anchor: meta.next_cursor, copied: reached.copied + data.length }
    await writeReached(copy.db, copy.memory, '', reached)
    copy.report.copying(Math.min(reached.copied, total), total)
    if (data.length < feedLimit) return
  }
}

/** A cursor that is not taken any more was given by a log that was restored since: from the beginning then. */
async function readFeed({ source }: Copy, cursor: string | null) {
  const ask = (query: Record<string, string | number>) => source.get('link/visits/feed', query)
  const answer = await ask({ limit: feedLimit, ...(cursor !== null && { cursor }) }).catch((error: unknown) => {
    const isRefused = error instanceof SourceError && [409, 422].includes(error.status ?? 0)
    if (!isRefused || cursor === null) throw error
    return ask({ limit: feedLimit })
  })
  return checked(feedAnswer, answer, 'the feed of visits')
}

/** Numbers here, for the numbers there that these rows have. */
async function localNumbers(
  copy: Copy,
  links: CopiedLinks,
  rows: SourceRow[],
): Promise<(sourceId: number) => number | null> {
  const gone = new Set<number>()
  for (const sourceId of new Set(rows.map(({ link_id }) => Number(link_id)))) {
    if (!links.has(sourceId) && (await placeLateLink(copy, links, sourceId)) === null) gone.add(sourceId)
  }
  return (sourceId) => links.get(sourceId)?.id ?? null
}

/** Walks the pages of each link from where the last run ended. */
export async function copyByPages(copy: Copy, links: CopiedLinks): Promise<void> {
  const wanted = [...links.values()].filter(({ id }) => id !== null)
  const total = wanted.reduce((sum, { visits }) => sum + visits, 0)
  const done = new Map<CopiedLink, number>()
  const onCopied = (link: CopiedLink, copied: number) => {
    done.set(link, Math.min(copied, link.visits))
    const sum = [...done.values()].reduce((all, visits) => all + visits, 0)
    copy.report.copying(sum, total)
  }
  const waiting = wanted.values()
  let isFailing = false
  const lane = async () => {
    for (const link of waiting) {
      if (isFailing) return
      await copyLink(copy, link, (copied) => onCopied(link, copied))
    }
  }
  const fail = (error: unknown) => {
    isFailing = true
    throw error
  }
  const ended = await Promise.allSettled(Array.from({ length: lanes }, () => lane().catch(fail)))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

async function copyLink(copy: Copy, link: CopiedLink, onCopied: (copied: number) => void): Promise<void> {
  const { db, memory, source, signal } = copy
  const path = `link/urls/${link.sourceId}/visits`
  const readPage = async (page: number) => {
    const answer = await source.get(path, { per_page: perPage, page })
    const { data, meta } = checked(pageAnswer, answer, 'visits of a link')
    return { rows: data.map((row) => ({ id: String(row.id), row })), perPage: meta.per_page, total: meta.total }
  }
  const walk = async (start: Reached) => {
    for await (const { rows, reached } of oldestFirst(readPage, start, storedAtOnce)) {
      signal.throwIfAborted()
      await storeRows(
        copy,
        rows.map(({ row }) => row),
        () => link.id,
      )
      await writeReached(db, memory, String(link.sourceId), reached)
      onCopied(reached.copied)
    }
  }
  const start = await readReached(db, memory, String(link.sourceId))
  await walk(start).catch((error: unknown) => {
    if (!(error instanceof LostPlace) || start.anchor === null) throw error
    return walk(nothing)
  })
}

/** Stores rows in their order. Those of links that are not wanted are left out. */
async function storeRows(
  { db, memory, rule, zone, summary, refuse, refreshStatistics, blocks }: Copy,
  rows: SourceRow[],
  linkIdOf: (sourceId: number) => number | null,
): Promise<void> {
  const read = wireRowReader({ ownerId: memory.ownerId, zone, keepsSpoiltNumbers: true })
  const staged: StagedVisit[] = []
  for (const [line, row] of rows.entries()) {
    const linkId = linkIdOf(Number(row.link_id))
    if (linkId === null) continue
    // The link's own number whatever the row says: in the documented answer the two differ (docs/api-contract.md section 2).
    const visit = read({ ...Object.fromEntries(wireKeys.map((key) => [key, row[key]])), link_id: linkId })
    if (typeof visit === 'string') refuse(`visit ${row.id}`, visit)
    else staged.push({ ...visit, line })
  }
  for (let start = 0; start < staged.length; start += storedAtOnce) {
    const batch = staged.slice(start, start + storedAtOnce)
    const { stored, refused } = await storeVisits(db, memory.ownerId, batch, rule)
    summary.stored += stored
    await blocks.stored(memory.ownerId, stored)
    summary.skipped += batch.length - stored - refused.length
    for (const { line, reason } of refused) refuse(`visit ${rows[line]?.id}`, reason)
  }
  await refreshStatistics(summary.stored)
}
