import { Command, InvalidArgumentError, Option } from 'commander'
import type { BenchOptions } from './context.js'

export interface BenchArguments extends BenchOptions {
  sections: string[]
  /** The one database to measure on; null: all there are. */
  only: 'embedded' | 'external' | null
  /** File whose tables are replaced. */
  markdown: string | null
}

/** Reads the command line; ends the process with usage where it is wrong. */
export function readArguments(argv: string[], known: string[]): BenchArguments {
  const command = new Command('npm run bench --')
    .argument('[sections...]', known.join(', '), known)
    .option('--rows <number>', 'visits of the measured link', positive, 100_000)
    .option('--seconds <number>', 'length of one measurement', positive, 5)
    .option('--rounds <number>', 'how often every case is measured, in turns', positive, 3)
    .option('--smoke', 'tiny and fast: proves that everything runs, its figures mean nothing', false)
    .option('--keep <name>', 'keep the filled databases under this name, and use them again', keptName)
    .addOption(
      new Option('--generator <name>', 'what sends the requests').choices(['autocannon', 'own']).default('autocannon'),
    )
    .addOption(new Option('--only <database>', 'measure on one database').choices(['embedded', 'external']))
    .option('--markdown <file>', 'replace the tables of the sections in this file')
    .parse(argv)
  const options = command.opts<
    Omit<BenchOptions, 'keep'> & { keep?: string; markdown?: string; only?: 'embedded' | 'external' }
  >()
  const sections = command.args.length > 0 ? command.args : known
  const unknown = sections.find((name) => !known.includes(name))
  if (unknown !== undefined) command.error(`there is no section ${unknown}; there are ${known.join(', ')}`)
  const size = options.smoke ? { rows: 2_000, seconds: 1, rounds: 1 } : {}
  return {
    ...options,
    keep: options.keep ?? null,
    only: options.only ?? null,
    markdown: options.markdown ?? null,
    ...size,
    sections,
  }
}

function positive(text: string): number {
  const number = Number(text.replaceAll('_', ''))
  if (!(number > 0)) throw new InvalidArgumentError('give a positive number.')
  return number
}

/** It becomes part of a database's and a folder's name. */
function keptName(text: string): string {
  if (!/^[a-z0-9_]{1,30}$/.test(text)) throw new InvalidArgumentError('small letters, digits and _ only.')
  return text
}
