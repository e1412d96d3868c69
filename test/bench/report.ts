import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import type { CaseResult } from './compare.js'

export interface Table {
  title: string
  /** The first column is text, the others are figures. */
  columns: string[]
  rows: string[][]
  notes?: string[]
}

/** What a figure of a section means nothing without. */
export interface Circumstances {
  command: string
  date: string
  databases: string[]
}

/** Rates, latencies and ratios of cases that were measured together. */
export function caseTable(title: string, results: CaseResult[]): Table {
  const isAsked = results.some(({ asked }) => asked !== undefined)
  return {
    title,
    columns: ['case', 'requests/s', 'p50 ms', 'p99 ms', 'KB an answer', 'of bare', ...(isAsked ? ['asked'] : [])],
    rows: results.map(({ name, perSecond, p50, p99, bytes, ratio, asked }) => [
      name,
      Math.round(perSecond).toLocaleString('en'),
      p50.toFixed(1),
      p99.toFixed(1),
      (bytes / 1000).toFixed(1),
      ratio < 0.01 ? ratio.toFixed(5) : ratio.toFixed(3),
      ...(isAsked ? [asked === undefined ? '' : atLeast(asked, ratio)] : []),
    ]),
  }
}

/** One result against another that was measured in turns with it. */
export interface Comparison {
  what: string
  figure: number
  verdict: string
}

export function comparisonTable(title: string, comparisons: Comparison[]): Table {
  return {
    title,
    columns: ['comparison', 'factor', 'asked'],
    rows: comparisons.map(({ what, figure, verdict }) => [
      what,
      figure < 10 ? figure.toFixed(2) : Math.round(figure).toLocaleString('en'),
      verdict,
    ]),
  }
}

/** What is asked of a figure, and whether it is so. */
export const atLeast = (bound: number, figure: number) =>
  `at least ${bound.toLocaleString('en')}: ${figure >= bound ? 'yes' : 'no'}`
export const atMost = (bound: number, figure: number) =>
  `at most ${bound.toLocaleString('en')}: ${figure <= bound ? 'yes' : 'no'}`

/** Markdown of a table: GitHub shows it, and a terminal can be read too. */
export function markdown({ title, columns, rows, notes = [] }: Table): string {
  const lines = [columns, columns.map((_, at) => (at === 0 ? '---' : '--:')), ...rows]
  return [
    `**${title}**`,
    ...(rows.length > 0 ? ['', ...lines.map((cells) => `| ${cells.join(' | ')} |`)] : []),
    ...notes.flatMap((note) => ['', note]),
  ].join('\n')
}

/**
 * Puts a section's tables between its markers in the file, and leaves the rest alone.
 *
 * @throws when the file has no such markers
 */
export async function writeSection(file: string, section: string, tables: Table[], made: Circumstances): Promise<void> {
  const { text, start, stop } = await placeFor(file, section)
  const block = ['', circumstances(made), ...tables.map(markdown), ''].join('\n\n').slice(1)
  await writeFile(file, text.slice(0, start) + block.slice(0, -1) + text.slice(stop))
}

/** @throws when the file has no place for that section: better before measuring than after */
export async function placeFor(file: string, section: string): Promise<{ text: string; start: number; stop: number }> {
  const [begin, end] = [`<!-- bench:${section} -->`, `<!-- /bench:${section} -->`]
  const text = await readFile(file, 'utf8')
  const [start, stop] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (!text.includes(begin) || stop < start) throw new Error(`${file} needs ${begin} and ${end}, a line each`)
  return { text, start, stop }
}

function circumstances({ command, date, databases }: Circumstances): string {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}`
  return `\`${command}\`, ${date}, ${[machine, ...databases].join(', ')}.`
}
