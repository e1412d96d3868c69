/** `npm run bench -- [section …] [options]`: what docs/benchmarks.md shows, measured here and now. */
import { type BenchArguments, readArguments } from './arguments.js'
import type { BenchContext, Section } from './context.js'
import { type FilledDatabase, fill } from './fill.js'
import { startLoadClient } from './load.js'
import { markdown, placeFor, writeSection } from './report.js'
import { embeddedDatabase, externalDatabase } from './scratch.js'

/** One file a section. */
const sections: Record<string, () => Promise<Section>> = {
  pages: () => import('./pages.js'),
  feed: () => import('./feed.js'),
  export: () => import('./export.js'),
  capture: () => import('./capture.js'),
  mixed: () => import('./mixed.js'),
  processes: () => import('./processes.js'),
  storage: () => import('./storage.js'),
  dashboard: () => import('./dashboard.js'),
  stats: () => import('./stats.js'),
  'stats-cost': () => import('./stats-cost.js'),
}

const given = readArguments(process.argv, Object.keys(sections))
const closing: (() => unknown)[] = []
process.once('SIGINT', () => void closeAll().then(() => process.exit(130)))
try {
  await runSections(given)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await closeAll()
}

async function runSections(options: BenchArguments): Promise<void> {
  for (const name of options.sections)
    if (options.markdown !== null) await placeFor(options.markdown, placeOf(name, options))
  const load = startLoadClient()
  closing.push(load.close)
  const log = (line: string) => console.error(line)
  let filled: Promise<FilledDatabase[]> | undefined
  const databases = () => {
    filled ??= openDatabases(options, log)
    return filled
  }
  const context: BenchContext = { ...options, load, log, databases }
  for (const name of options.sections) {
    log(`# ${name}`)
    const tables = await (await sections[name]?.())?.run(context)
    for (const table of tables ?? []) console.log(`${markdown(table)}\n`)
    if (options.markdown === null) continue
    const versions = (await filled)?.map((database) => database.name) ?? []
    const made = { command: commandLine(), date: new Date().toISOString().slice(0, 10), databases: versions }
    await writeSection(options.markdown, placeOf(name, options), tables ?? [], made)
  }
}

/** Tables of a very long log stand beside the others. */
function placeOf(section: string, { rows }: BenchArguments): string {
  return rows >= 10_000_000 ? `${section}-long` : section
}

async function openDatabases(
  { rows, keep, only }: BenchArguments,
  log: (line: string) => void,
): Promise<FilledDatabase[]> {
  const url = process.env.BENCH_DATABASE_URL ?? process.env.TEST_DATABASE_URL
  if (!url) log('BENCH_DATABASE_URL is not set: only the embedded database is measured')
  const opened: FilledDatabase[] = []
  const external = url !== undefined && only !== 'embedded' ? [() => externalDatabase(url, keep)] : []
  const embedded = only === 'external' ? [] : [() => embeddedDatabase(keep)]
  for (const open of [...external, ...embedded]) {
    const database = await fill(await open(), rows, log)
    closing.push(database.close)
    opened.push(database)
  }
  return opened
}

/** Without `--markdown`: where the tables go does not change what they say. */
function commandLine(): string {
  const words = process.argv.slice(2)
  const at = words.indexOf('--markdown')
  return ['npm run bench --', ...words.filter((_, nth) => at < 0 || (nth !== at && nth !== at + 1))].join(' ')
}

async function closeAll(): Promise<void> {
  while (closing.length > 0) await closing.pop()?.()
}
