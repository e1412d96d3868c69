import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { z } from 'zod'
import type { Caller } from '../accounts/scopes.js'
import { openReads } from '../audit/reads.js'
import { HttpError } from '../http/errors.js'
import { parseQueryString, queryObject } from '../http/query-string.js'
import { fieldErrors } from '../http/validate.js'
import { ownedLink } from '../links/repository.js'
import { type MobileRule, mobileRule } from '../recipients/mobile.js'
import { type ExportFormat, exportedVisits } from '../visits/files/export.js'
import { filterParameters, personalFilters, type VisitFilters, visitFilters } from '../visits/filters.js'
import { linkId, ownerId } from './arguments.js'
import { type CommandContext, withDatabase } from './database.js'
import type { Host } from './host.js'
import { openProgress } from './progress.js'

interface ExportArguments {
  user: number
  link: number
  format: ExportFormat
  matching: string
}

export function exportCommand(host: Host): Command {
  return new Command('export')
    .description('Print visits of a link on standard output, oldest recorded first, with whole mobile numbers.')
    .requiredOption('--user <number>', 'the owner', ownerId)
    .requiredOption('--link <number>', 'the link', linkId)
    .addOption(
      new Option('--format <format>', 'how to write them').choices(['ndjson', 'csv', 'parquet']).default('ndjson'),
    )
    .option('--matching <query>', "only those, with the API's filters: 'filter[browser]=Chrome&bots=exclude'", '')
    .addHelpText('after', exportHelp)
    .action((given: ExportArguments) => withDatabase(host, (context) => printVisits(host, context, given)))
}

const exportHelp = `
CSV is safe to open in a spreadsheet: a cell that it would take for a formula (= + - @, tab, line break first) begins with
an apostrophe, which import takes away again. Parquet is for DuckDB, Spark and their like; import does not read it.`

async function printVisits(
  { process, console }: Host,
  { db, config, signal }: CommandContext,
  { user, link, format, matching }: ExportArguments,
): Promise<void> {
  const filters = filtersOf(matching, config.outputZone, mobileRule(config.defaultCountry))
  const positions = await ownedLink(db, user, link).catch((error: unknown) => {
    throw error instanceof HttpError ? new Error(`Owner ${user} has no link ${link}.`) : error
  })
  const total = positions.visits - positions.firstSeq + 1
  const view = { pii: true, zone: config.outputZone }
  const progress = openProgress(process.stderr)
  const log = { error: (_: object, message: string) => console.error(message) }
  const reads = openReads({ db, log })
  const read = { operation: 'visits export', linkId: link, filters: personalFilters(filters) } as const
  const note = reads.noteEach({ caller: operator(user), method: 'GET' }, read)
  let done = 0
  async function* file() {
    for await (const piece of exportedVisits(db, positions, { format, filters, after: 0, view })) {
      note(piece.shown)
      if (piece.data.length > 0) yield piece.data
      done += piece.visits
      progress.show('exporting', piece.position - positions.firstSeq + 1, total)
    }
  }
  try {
    // Standard output stays open: it is not ours to end.
    await pipeline(Readable.from(file(), { highWaterMark: 1 }), process.stdout, { end: false, signal })
    progress.stop()
    console.error(`Exported ${done} visits.`)
  } catch (error) {
    // Whoever read it has enough, such as `head`.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  } finally {
    progress.stop()
    await reads.close()
  }
}

/** Who has no token, since the database is theirs. */
function operator(ownerId: number): Caller {
  const unnamed = { id: null, sender: '00000000-0000-0000-0000-000000000000', name: null }
  const token = { ...unnamed, allowedIps: [], rateLimit: null, expiresAt: null, createdAt: null }
  return { ownerId, scopes: new Set(['visits:pii']), token }
}

/** A query as browsers send it: letters that are typed as they are become UTF-8. */
function encodeText(query: string): string {
  return query.toWellFormed().replace(/[^\0-\x7f]+/g, encodeURIComponent)
}

/** @throws Error in one line, when a filter is none */
function filtersOf(query: string, zone: string, rule: MobileRule): VisitFilters {
  const result = z
    .strictObject(filterParameters(zone, rule))
    .safeParse(queryObject(parseQueryString(encodeText(query))))
  if (!result.success) throw new Error(Object.values(fieldErrors(result.error)).flat().join(' '))
  return visitFilters(result.data)
}
