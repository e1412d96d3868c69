/** `npm run soak`: everything at once for half an hour, at 60 % of what the machine can do. docs/benchmarks.md says how it is judged. */
import { Command } from 'commander'
import { type FilledDatabase, fill } from '../fill.js'
import { markdown, placeFor, type Table, writeSection } from '../report.js'
import { embeddedDatabase, externalDatabase } from '../scratch.js'
import { minuteColumns, minuteRow, runMinute } from './minutes.js'
import { openMix } from './mix.js'
import { settle } from './settle.js'
import { exactVerdicts, steadyVerdicts, type Verdict } from './verdicts.js'

const shareOfPeak = 0.6

const options = new Command('npm run soak --')
  .option('--rows <number>', 'visits of the link that is paged through and exported', Number, 100_000)
  .option('--smoke', 'tiny and fast: proves that everything runs, and judges only what is exact', false)
  .option('--markdown <file>', 'replace the tables of the soak in this file')
  .parse()
  .opts<{ rows: number; smoke: boolean; markdown?: string }>()
const minutes = options.smoke ? 3 : Number(process.env.SOAK_MINUTES ?? 30)
if (!(minutes >= 1) || !(options.rows >= 1)) throw new Error('SOAK_MINUTES and --rows are positive numbers')
const size = options.smoke
  ? { rows: 2_000, minuteSeconds: 2, peakSeconds: 1, mostClicks: 200 }
  : { rows: options.rows, minuteSeconds: 60, peakSeconds: 15, mostClicks: Number.POSITIVE_INFINITY }

if (options.markdown !== undefined) await placeFor(options.markdown, 'soak')
const url = process.env.BENCH_DATABASE_URL ?? process.env.TEST_DATABASE_URL
const log = (line: string) => console.error(line)
const database = await fill(await (url ? externalDatabase(url, null) : embeddedDatabase(null)), size.rows, log)
try {
  const { tables, verdicts } = await soak(database)
  for (const table of tables) console.log(`${markdown(table)}\n`)
  if (options.markdown !== undefined) {
    const command = `${process.env.SOAK_MINUTES ? `SOAK_MINUTES=${minutes} ` : ''}npm run soak`
    const made = { command, date: new Date().toISOString().slice(0, 10), databases: [database.name] }
    await writeSection(options.markdown, 'soak', tables, made)
  }
  if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1
} finally {
  await database.close()
}

async function soak(database: FilledDatabase): Promise<{ tables: Table[]; verdicts: Verdict[] }> {
  const mix = await openMix(database)
  try {
    await mix.together(Math.min(5, size.peakSeconds))
    const { clicks, pages } = await mix.together(size.peakSeconds)
    const rate = Math.min(size.mostClicks, Math.max(1, Math.round(shareOfPeak * clicks.perSecond)))
    log(`peak: ${Math.round(clicks.perSecond)} clicks/s with all readers; the soak has ${rate}`)
    await settle(mix)
    mix.problems.clear()
    const seen = []
    console.error(minuteColumns.join('\t'))
    for (let nth = 1; nth <= minutes; nth += 1) {
      const minute = await runMinute(mix, { nth, rate, seconds: size.minuteSeconds })
      console.error(minuteRow(minute).join('\t'))
      seen.push(minute)
    }
    const exact = exactVerdicts(await settle(mix), mix.problems)
    const verdicts = [...(options.smoke ? [] : steadyVerdicts(seen)), ...exact]
    for (const [problem, times] of mix.problems) log(`${times} times: ${problem}`)
    return {
      tables: tablesOf(database, { peak: clicks.perSecond, pages: pages.perSecond, rate }, seen, verdicts),
      verdicts,
    }
  } finally {
    await mix.close()
  }
}

function tablesOf(
  database: FilledDatabase,
  { peak, pages, rate }: { peak: number; pages: number; rate: number },
  seen: Parameters<typeof minuteRow>[0][],
  verdicts: Verdict[],
): Table[] {
  const figure = (value: number) => Math.round(value).toLocaleString('en')
  return [
    {
      title: `${database.name}, ${figure(rate)} clicks a second`,
      columns: minuteColumns,
      rows: seen.map(minuteRow),
      notes: [
        `Peak of ${size.peakSeconds} s, with feed, webhooks, an export and ${figure(pages)} pages a second: ${figure(peak)} clicks a second.`,
      ],
    },
    {
      title: `${database.name}, what it must show`,
      columns: ['what', 'found', 'asked'],
      rows: verdicts.map(({ what, found, asked, holds }) => [what, found, `${asked}: ${holds ? 'yes' : 'no'}`]),
    },
  ]
}
