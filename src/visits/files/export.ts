import { type Database, statement } from '../../database/open.js'
import type { LinkPositions } from '../../links/repository.js'
import { type VisitView, visitJson } from '../resource.js'
import { csvHeader, csvText } from './csv.js'
import type { FileFormat } from './import.js'

const batchSize = 1000

export interface ExportBatch {
  /** How many visits the text holds. */
  visits: number
  text: string
}

/**
 * All visits of a link at this moment, oldest recorded first: an import with the order kept then gives them the same numbers.
 *
 * One index range a batch: memory does not grow with the link, and no snapshot is held while a slow reader reads.
 */
export async function* exportedVisits(
  db: Database,
  link: LinkPositions,
  format: FileFormat,
  view: VisitView,
): AsyncGenerator<ExportBatch> {
  if (format === 'csv') yield { visits: 0, text: csvHeader() }
  for (let low = link.firstSeq; low <= link.visits; low += batchSize) {
    const high = Math.min(low + batchSize - 1, link.visits)
    const { rows } = await db.pool.query<{ json: string }>(
      rangeStatement([link.ownerId, link.id, low, high, view.pii, view.zone]),
    )
    const texts = rows.map(({ json }) => json)
    if (texts.length > 0)
      yield { visits: texts.length, text: format === 'csv' ? csvOf(texts) : `${texts.join('\n')}\n` }
  }
}

const csvOf = (texts: string[]): string => csvText(texts.map((text) => JSON.parse(text) as Record<string, unknown>))

const json = visitJson('$5', '$6')

const rangeStatement = statement(`
SELECT ${json.columns} FROM visits v ${json.joins}
WHERE v.user_id = $1 AND v.link_id = $2 AND v.seq BETWEEN $3 AND $4
ORDER BY v.seq`)
