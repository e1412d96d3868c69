import { ensureOwner } from '../../accounts/repository.js'
import { inTransaction } from '../../database/transaction.js'
import { placeLink } from '../links.js'
import { checked, linkAnswer, pageAnswer, type SourceRow } from './answers.js'
import type { Copy } from './copy.js'
import { type Source, SourceError, unlessMissing } from './source.js'
import { readSourceLink } from './source-link.js'

/** A link of the other server that has its place here. */
export interface CopiedLink {
  /** Its number there. */
  sourceId: number
  /** Its number here; null: it was deleted here, and nothing of it is wanted. */
  id: number | null
  visits: number
  isTracked: boolean
}

export type CopiedLinks = Map<number, CopiedLink>

export const perPage = 100
const mostWalks = 5
/** More than that nobody has; all of them are in memory. */
const mostLinks = 1_000_000

/**
 * All links, oldest first. New ones push others on to pages that are still to come; where some were deleted meanwhile, others may
 * have slipped past, and the list is read again.
 */
export async function listLinks(source: Source, withSettings: boolean): Promise<SourceRow[]> {
  for (let walk = 1; walk <= mostWalks; walk++) {
    const rows = new Map<number, SourceRow>()
    for (let number = 1; ; number++) {
      // The hosted service knows no settings, and may refuse to be asked for them.
      const query = { per_page: perPage, page: number, ...(withSettings && { include: 'settings' }) }
      const answer = await source.get('link/urls', query)
      const { data, meta } = checked(pageAnswer, answer, 'the list of links')
      const before = rows.size
      for (const row of data) rows.set(Number(row.id), row)
      if (rows.size > mostLinks) throw new SourceError(`The list of links has more than ${mostLinks}.`)
      // A server that gives the same page for ever would never end.
      if (data.length >= meta.per_page && rows.size > before && number <= meta.total) continue
      if (rows.size >= meta.total) return [...rows.values()].sort((a, b) => Number(a.id) - Number(b.id))
      break
    }
  }
  throw new SourceError('The list of links does not agree with its own total.')
}

const placedAtOnce = 100

/** Gives each link its place, and tells what is other than there. */
export async function placeLinks(copy: Copy, rows: SourceRow[]): Promise<CopiedLinks> {
  const links: CopiedLinks = new Map()
  for (let start = 0; start < rows.length; start += placedAtOnce) {
    copy.signal.throwIfAborted()
    for (const link of await placeTogether(copy, rows.slice(start, start + placedAtOnce))) {
      links.set(link.sourceId, link)
    }
  }
  return links
}

async function placeTogether(copy: Copy, rows: SourceRow[]): Promise<CopiedLink[]> {
  const wanted = rows.map((row) => readSourceLink(row, copy.config))
  const placed = await inTransaction(
    copy.db,
    async (client) => {
      await ensureOwner(client, copy.memory.ownerId)
      const placed = []
      for (const { link } of wanted) placed.push(await placeLink(client, copy.memory, link))
      return placed
    },
    copy.signal,
  )
  return wanted.map(({ id: sourceId, visits, isTracked, notes }, index) => {
    const { id = 0, isNew = false, isDeleted = true, notes: others = [] } = placed[index] ?? {}
    copy.summary.links += 1
    if (isNew) copy.summary.newLinks += 1
    // What was told once is not told by every run.
    for (const note of isNew ? [...notes, ...others] : []) copy.report.say(note)
    if (isDeleted) copy.report.say(`link ${sourceId} was deleted here: nothing of it is copied`)
    return { sourceId, id: isDeleted ? null : id, visits, isTracked }
  })
}

/** A link that is not in the list yet; null when it is gone again. */
export async function placeLateLink(copy: Copy, links: CopiedLinks, sourceId: number): Promise<CopiedLink | null> {
  const answer = await unlessMissing(copy.source.get(`link/urls/${sourceId}`, { include: 'settings' }))
  if (answer === null) return null
  const [link = null] = await placeTogether(copy, [checked(linkAnswer, answer, 'a link').data])
  if (link !== null) links.set(sourceId, link)
  return link
}
