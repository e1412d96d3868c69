import type { Database } from '../../database/open.js'
import { mobileRule } from '../../recipients/mobile.js'
import { freshStatistics } from '../../visits/files/statistics.js'
import { blocksOnTheWay } from '../../visits/statistics/blocks-on-the-way.js'
import { checked, feedAnswer, ownerAnswer, pageAnswer, type SourceRow } from './answers.js'
import type { ApiImportOptions, ApiImportReport, ApiImportSummary, Copy } from './copy.js'
import { listLinks, placeLinks } from './links.js'
import { copyRecipients } from './recipients.js'
import { type Source, SourceError, unlessMissing } from './source.js'
import { copyByFeed, copyByPages } from './visits.js'

/**
 * Copies links and all their visits from the hosted service or another Smart Link server. It may be ended at any time and run
 * again: every visit is there once, and new ones are added.
 *
 * A Smart Link server gives all visits of an account as one feed, whose cursor is kept. Elsewhere the pages of each link are
 * walked (page-walk.ts). Either way a visit's id makes a second copy of it harmless.
 *
 * @throws SourceError when the other server does not give what is needed
 */
export async function importFromApi(
  db: Database,
  options: ApiImportOptions,
  report: ApiImportReport,
): Promise<ApiImportSummary> {
  const { source } = options
  const isSmartLink = await offersFeed(source)
  const rows = await listLinks(source, isSmartLink)
  const ownerId = options.ownerId ?? (await ownerOf(source, rows))
  const summary = { ownerId, links: 0, newLinks: 0, stored: 0, skipped: 0, refused: 0 }
  const copy: Copy = {
    ...options,
    db,
    memory: { ownerId, source: source.address },
    rule: mobileRule(options.config.defaultCountry),
    report,
    summary,
    refuse: teller(summary, report),
    refreshStatistics: freshStatistics(db),
    blocks: blocksOnTheWay(db),
  }
  const links = await placeLinks(copy, rows)
  if (isSmartLink) await copyRecipients(copy, links)
  if (isSmartLink) await copyByFeed(copy, links)
  else await copyByPages(copy, links)
  await copy.blocks.finish()
  return summary
}

/** The documented service has none. */
async function offersFeed(source: Source): Promise<boolean> {
  const answer = await unlessMissing(source.get('link/visits/feed', { limit: 1 }))
  return feedAnswer.safeParse(answer).success
}

/** Visits name it (docs/api-contract.md section 2); of an account without any, the call that a token is tested with may. */
async function ownerOf(source: Source, rows: SourceRow[]): Promise<number> {
  const opened = rows.find(({ visits }) => Number(visits) > 0)
  if (opened !== undefined) {
    const answer = await source.get(`link/urls/${Number(opened.id)}/visits`)
    const id = Number(checked(pageAnswer, answer, 'visits of a link').data[0]?.user_id)
    if (Number.isSafeInteger(id) && id > 0) return id
  }
  const me = ownerAnswer.safeParse(await unlessMissing(source.get('auth/me')))
  if (me.success) return me.data.data.id
  throw new SourceError(`${new URL(source.address).origin} does not say who the owner is: give one with --user.`)
}

const mostTold = 100

function teller(summary: ApiImportSummary, report: ApiImportReport): Copy['refuse'] {
  return (what, reason) => {
    summary.refused += 1
    if (summary.refused <= mostTold) report.say(`${what}: ${reason}`)
    if (summary.refused === mostTold) report.say('Further ones are counted only.')
  }
}
