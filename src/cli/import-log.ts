import { addAbortSignal } from 'node:stream'
import { Command } from 'commander'
import { openLocator } from '../capture/location.js'
import type { LogFormat } from '../imports/logs/format.js'
import { importLog } from '../imports/logs/import.js'
import { shlink } from '../imports/logs/shlink.js'
import { yourls } from '../imports/logs/yourls.js'
import { linkId, ownerId, timeZone } from './arguments.js'
import { withDatabase } from './database.js'
import type { Host } from './host.js'
import { importReport, openFile } from './import-file.js'
import { openProgress } from './progress.js'

interface ImportLogArguments {
  user: number
  link?: number
  zone: string
}

export function importShlinkCommand(host: Host): Command {
  return logCommand(host, shlink, 'Add visits that Shlink has exported as CSV.').addHelpText(
    'after',
    `
The file comes from Shlink's own command line, such as: shlink visit:non-orphan --format=csv > visits.csv
Visits of all its short URLs are exported by visit:non-orphan. Where the file does not say which short URL was opened, as
older versions of short-url:visits do not, --link does.
${rest}`,
  )
}

export function importYourlsCommand(host: Host): Command {
  return logCommand(host, yourls, "Add the clicks of YOURLS' log table, exported as CSV.").addHelpText(
    'after',
    `
The table is yourls_log, exported by phpMyAdmin, or by: mysql --batch -e 'SELECT * FROM yourls_log' yourls > clicks.tsv
Its times are of the clock of PHP there: give its time zone with --zone.
${rest}`,
  )
}

const rest = `
A link that has the short code of a visit gets it. Links that are missing are created, inactive: give them their targets
afterwards. Referrers are kept in the visits' options. Clicks that are there already are never stored twice. Bad lines are
reported with their number and the reason, the others are stored; the exit status is then 1.`

function logCommand(host: Host, format: LogFormat, description: string): Command {
  return new Command(format.name)
    .description(description)
    .argument('<file>', 'the CSV file, or - for standard input')
    .requiredOption('--user <number>', 'the owner here', ownerId)
    .option('--link <number>', 'link of all visits, whatever the file says', linkId)
    .option('--zone <zone>', 'time zone of times without one', timeZone, 'UTC')
    .action((file: string, given: ImportLogArguments) => importFile(host, format, file, given))
}

async function importFile(host: Host, format: LogFormat, file: string, given: ImportLogArguments): Promise<void> {
  const { process, console } = host
  const opened = await openFile(file, process)
  const { source } = opened
  await withDatabase(host, async ({ db, config, signal }) => {
    addAbortSignal(signal, source)
    const progress = openProgress(process.stderr)
    const locator = await openLocator({ file: config.geoipDb })
    const own = { format, ownerId: given.user, linkId: given.link, zone: given.zone, signal }
    const reading = { locator, anonymize: config.anonymizeIp }
    const report = { ...importReport(progress, opened), say: (line: string) => progress.say(line) }
    try {
      const { stored, skipped, refused } = await importLog(db, source, { ...own, ...reading }, report)
      progress.stop()
      console.error(`Imported ${stored} visits, skipped ${skipped} that were there already, refused ${refused} lines.`)
      if (refused > 0) process.exitCode = 1
    } finally {
      progress.stop()
      locator.close()
      source.destroy()
    }
  })
}
