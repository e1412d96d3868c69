import { addAbortSignal } from 'node:stream'
import { Command, Option } from 'commander'
import { mobileRule } from '../recipients/mobile.js'
import { type FileFormat, importVisits } from '../visits/files/import.js'
import { linkId, ownerId } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'
import { importReport, openFile } from './import-file.js'
import { openProgress } from './progress.js'

interface ImportArguments {
  user?: number
  link?: number
  format?: FileFormat
  keepOrder: boolean
}

export function importCommand(host: Host): Command {
  return new Command('import')
    .description('Add visits of a file to the log: owners, links and recipients that it needs are created.')
    .argument('<file>', 'a file with the keys of the visits endpoint, or - for standard input')
    .option('--user <number>', 'owner of all visits, whatever user_id says', ownerId)
    .option('--link <number>', 'link of all visits, whatever link_id says', linkId)
    .addOption(new Option('--format <format>', 'without it, csv for *.csv and else ndjson').choices(['ndjson', 'csv']))
    .option('--keep-order', 'number the visits as they stand in the file, not by created_at', false)
    .addHelpText('after', importHelp)
    .action((file: string, given: ImportArguments) => importFile(host, file, given))
}

const importHelp = `
Each line (of CSV: each record below the header) is one visit. Required: id, created_at, and user_id and link_id unless
given as options. Visits whose id is there already, or was until they were too old to be kept, are skipped, so an import
can be run again. Bad lines are reported
with their number and the reason, the others are stored; the exit status is then 1.

An export is in the order of recording. To get the same order again, import it with --keep-order.`

async function importFile(host: Host, file: string, given: ImportArguments): Promise<void> {
  const { process, console } = host
  const opened = await openFile(file, process)
  const { source } = opened
  await withDatabase(host, async ({ db, config, signal }) => {
    addAbortSignal(signal, source)
    const progress = openProgress(process.stderr)
    const options = {
      format: given.format ?? (/\.csv$/i.test(file) ? 'csv' : 'ndjson'),
      ownerId: given.user,
      linkId: given.link,
      zone: config.outputZone,
      keepOrder: given.keepOrder,
      rule: mobileRule(config.defaultCountry),
      signal,
    } as const
    const report = importReport(progress, opened)
    try {
      const { stored, skipped, refused } = await importVisits(db, source, options, report)
      progress.stop()
      console.error(`Imported ${stored} visits, skipped ${skipped} that were there already, refused ${refused} lines.`)
      if (refused > 0) process.exitCode = 1
    } finally {
      progress.stop()
      source.destroy()
    }
  })
}
