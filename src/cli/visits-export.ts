import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { HttpError } from '../http/errors.js'
import { ownedLink } from '../links/repository.js'
import { exportedVisits } from '../visits/files/export.js'
import type { FileFormat } from '../visits/files/import.js'
import { linkId, ownerId } from './arguments.js'
import { type CommandContext, withDatabase } from './database.js'
import { openProgress } from './progress.js'

interface ExportArguments {
  user: number
  link: number
  format: FileFormat
}

export function exportCommand(): Command {
  return new Command('export')
    .description('Print all visits of a link on standard output, oldest recorded first, with whole mobile numbers.')
    .requiredOption('--user <number>', 'the owner', ownerId)
    .requiredOption('--link <number>', 'the link', linkId)
    .addOption(new Option('--format <format>', 'how to write them').choices(['ndjson', 'csv']).default('ndjson'))
    .addHelpText('after', exportHelp)
    .action((given: ExportArguments) => withDatabase((context) => printVisits(context, given)))
}

const exportHelp = `
CSV is safe to open in a spreadsheet: a cell that it would take for a formula (= + - @, tab, line break first) begins with
an apostrophe, which import takes away again.`

async function printVisits(
  { db, config, signal }: CommandContext,
  { user, link, format }: ExportArguments,
): Promise<void> {
  const positions = await ownedLink(db, user, link).catch((error: unknown) => {
    throw error instanceof HttpError ? new Error(`Owner ${user} has no link ${link}.`) : error
  })
  const total = positions.visits - positions.firstSeq + 1
  const progress = openProgress()
  let done = 0
  async function* texts() {
    for await (const { visits, text } of exportedVisits(db, positions, format, {
      pii: true,
      zone: config.outputZone,
    })) {
      yield text
      done += visits
      progress.show('exporting', done, total)
    }
  }
  try {
    // Standard output stays open: it is not ours to end.
    await pipeline(Readable.from(texts(), { highWaterMark: 1 }), process.stdout, { end: false, signal })
    progress.stop()
    console.error(`Exported ${done} visits.`)
  } catch (error) {
    // Whoever read it has enough, such as `head`.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  } finally {
    progress.stop()
  }
}
