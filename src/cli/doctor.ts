import { access, constants } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { environmentProblems } from '../database/environment.js'
import { examineLog } from '../visits/doctor.js'
import { type CommandContext, withDatabase } from './database.js'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check counters against rows, and what the server stands on. One line for each finding.')
    .option('--repair', 'set counters from the rows', false)
    .addHelpText('after', doctorHelp)
    .action(({ repair }: { repair: boolean }) => withDatabase((context) => diagnose(context, repair)))
}

const doctorHelp = `
The exit status is 0 when everything is sound, or has been repaired, and else 1. It may run while the server does: each
link is looked at as it is at one moment. While a link is repaired, visits of its owner wait.

Visits are never numbered again: a gap in the log is reported, and stays until it is restored from a backup.`

async function diagnose({ db, config, signal }: CommandContext, repair: boolean): Promise<void> {
  const problems = [
    ...(await environmentProblems(db)).map((problem) => `database: ${problem}`),
    ...(await folderProblems(config.dataDir)),
  ]
  for (const problem of problems) console.log(problem)
  const { owners, links, findings, repaired } = await examineLog(db, {
    repair,
    signal,
    report: ({ where, problem }, isRepaired) => console.log(`${where}: ${problem}${isRepaired ? ' (repaired)' : ''}`),
  })
  const found = problems.length + findings
  console.error(`Checked ${owners} owners with ${links} links: ${verdict(found, repaired)}.`)
  if (found > repaired) process.exitCode = 1
}

function verdict(found: number, repaired: number): string {
  if (found === 0) return 'all sound'
  return `${found} findings, ${repaired} repaired`
}

/** The folder may not exist yet: then the one that it would be made in counts. */
async function folderProblems(folder: string): Promise<string[]> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      await access(at, constants.W_OK)
      return []
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || at === dirname(at)) return [`data folder: ${at} cannot be written to (${code})`]
    }
  }
}
