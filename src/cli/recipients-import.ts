import { addAbortSignal } from 'node:stream'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Encoding, encodings } from '../csv/encoding.js'
import { HttpError } from '../http/errors.js'
import { ownedLink } from '../links/repository.js'
import { openRecipientFile } from '../recipient-files/open.js'
import { importRecipients } from '../recipients/import.js'
import { mobileRule } from '../recipients/mobile.js'
import { StartError } from '../server.js'
import { linkId, ownerId } from './arguments.js'
import { type ColumnChoice, chosenColumns, columnChoice } from './column-choice.js'
import { type CommandContext, withDatabase } from './database.js'
import type { Host } from './host.js'
import { bytesRead, openFile } from './import-file.js'
import { openProgress } from './progress.js'
import { fileForm, importSummary, previewTable } from './recipients-import-text.js'
import { openResult, type ResultFile } from './recipients-result.js'

interface ImportArguments {
  user: number
  link: number
  columns: ColumnChoice
  header?: 'yes' | 'no'
  separator?: string
  encoding?: Encoding
  result?: string
  dryRun: boolean
}

export function importCommand(host: Host): Command {
  return new Command('import')
    .description('Give the people of a CSV file short URLs of their own. Those who have one keep it.')
    .argument('<file>', 'a CSV file with a row for each person, or - for standard input')
    .requiredOption('--user <number>', 'the owner of the link', ownerId)
    .requiredOption('--link <number>', 'the link', linkId)
    .option('--columns <list>', 'instead of the guess: mobile=2,message_id=Order no,sent_at=none', columnChoice, {})
    .addOption(new Option('--header <answer>', 'whether the first row names the columns').choices(['yes', 'no']))
    .option('--separator <sign>', 'what stands between cells; tab for a tab', separator)
    .addOption(new Option('--encoding <name>', 'of the text').choices(encodings).argParser(encoding))
    .option('--result <file>', 'write the rows there with token and short_url behind them; - for standard output')
    .option('--dry-run', 'show what would be imported, and store nothing', false)
    .addHelpText('after', help)
    .action((file: string, given: ImportArguments) => importFile(host, file, given))
}

const help = `
Only the mobile number is needed; message_id and sent_at are taken where there are columns of them, and country_code is put in
front of numbers that lack it. Encoding, separator and columns are guessed from the file and printed: try --dry-run first.

Bad rows are reported with their line and the reason, the others are imported. A row whose quotes are broken is reported, and
imported where what is taken of it is certain. The exit status is 1 after either.

It may be ended at any time and run again: nobody gets a second short URL.`

async function importFile(host: Host, name: string, given: ImportArguments): Promise<void> {
  const opened = await openFile(name, host.process)
  try {
    await withDatabase(host, async (context) => {
      addAbortSignal(context.signal, opened.source)
      await ensureLink(context, given)
      const base = context.config.shortUrl ?? context.config.publicUrl
      const result = given.result === undefined || given.dryRun ? null : await openResult(given.result, base, host)
      try {
        await importOpened(host, context, { name, ...opened, ...given, resultFile: result })
      } finally {
        await result?.close()
      }
    })
  } finally {
    opened.source.destroy()
  }
}

async function ensureLink({ db }: CommandContext, { user, link }: ImportArguments): Promise<void> {
  await ownedLink(db, user, link).catch((error: unknown) => {
    throw error instanceof HttpError ? new StartError(`Owner ${user} has no link ${link}.`) : error
  })
}

type Opened = ImportArguments & Awaited<ReturnType<typeof openFile>> & { name: string; resultFile: ResultFile | null }

async function importOpened(host: Host, { db, config, signal }: CommandContext, given: Opened): Promise<void> {
  const { process, console } = host
  const { source, size, dryRun: isDryRun, resultFile } = given
  const hasNames = given.header === undefined ? undefined : given.header === 'yes'
  const file = await openRecipientFile(source, { encoding: given.encoding, separator: given.separator, hasNames })
  const columns = chosenColumns(given.columns, file.columns, file.names)
  console.error(fileForm(given.name, file, columns))
  await resultFile?.start(file.names)
  const preview = previewTable()
  const progress = openProgress(process.stderr)
  const options = {
    ownerId: given.user,
    linkId: given.link,
    columns,
    zone: config.outputZone,
    isDryRun,
    signal,
    rule: mobileRule(config.defaultCountry),
  }
  try {
    const summary = await importRecipients(db, file, options, {
      refused: (line, reason) => progress.say(`line ${line}: ${reason}`),
      noted: (line, note) => progress.say(`line ${line}: ${note} What is taken of it is certain.`),
      stored: async (rows) => {
        if (isDryRun) preview.add(rows)
        await resultFile?.write(rows)
        progress.show('importing', bytesRead(source), size ?? 0)
      },
    })
    progress.stop()
    if (isDryRun && summary.rows > 0) console.log(preview.text())
    console.error(importSummary(file, summary, isDryRun))
    if (summary.refused + summary.damaged > 0) process.exitCode = 1
  } finally {
    progress.stop()
  }
}

function separator(text: string): string {
  const sign = /^(tab|\\t)$/i.test(text) ? '\t' : text
  if (sign.length !== 1 || /[\p{L}\p{N}"\r\n]/u.test(sign)) throw new InvalidArgumentError('give one sign, or tab.')
  return sign
}

function encoding(text: string): Encoding {
  const known = encodings.find((name) => name.toLowerCase() === text.toLowerCase())
  if (known === undefined) throw new InvalidArgumentError(`there are ${encodings.join(', ')}.`)
  return known
}
