import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addConfigFile } from '../config/files.js'
import type { Host, Terminal } from './host.js'

/** Only the one that is run is loaded: some bring the whole server along. */
const commands: Record<string, (host: Host) => Promise<Command>> = {
  serve: async (host) => (await import('./serve.js')).serveCommand(host),
  demo: async (host) => (await import('./demo.js')).demoCommand(host),
  migrate: async (host) => (await import('./migrate.js')).migrateCommand(host),
  owner: async (host) => (await import('./owner.js')).ownerCommand(host),
  token: async (host) => (await import('./token.js')).tokenCommand(host),
  recipients: async (host) => (await import('./recipients.js')).recipientsCommand(host),
  visits: async (host) => (await import('./visits.js')).visitsCommand(host),
  import: async (host) => (await import('./import.js')).importCommand(host),
  backup: async (host) => (await import('./backup.js')).backupCommand(host),
  restore: async (host) => (await import('./restore.js')).restoreCommand(host),
  move: async (host) => (await import('./move.js')).moveCommand(host),
  doctor: async (host) => (await import('./doctor.js')).doctorCommand(host),
  config: async (host) => (await import('./config.js')).configCommand(host),
  completion: async (host) => (await import('./completion.js')).completionCommand(host, () => programOf(host)),
}

/**
 * Runs one command. Failures are reported on standard error in one line, and by `process.exitCode`.
 *
 * @param args without the names of the executable and the script
 */
export async function runCommandLine(args: string[], host: Host): Promise<void> {
  const { process, console } = host
  const program = await programOf(host, args[0])
  try {
    process.configFile = addConfigFile(process)
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) console.error(`smart-link: ${oneLine(error)}`)
    process.exitCode = error instanceof CommanderError ? error.exitCode : 1
  }
}

/** @param first the command that is run; without it, or where there is none of that name, all are loaded */
async function programOf(host: Host, first?: string): Promise<Command> {
  const program = new Command('smart-link')
    .description('Tracked short links, and every opening of them.')
    .version(packageVersion(), '--version', 'print the version')
  const named = Object.entries(commands).filter(([name]) => name === first)
  for (const [, load] of named.length > 0 ? named : Object.entries(commands)) program.addCommand(await load(host))
  settle(program, host)
  return program
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/**
 * Commander writes to the host. Its own errors would end the process before streams are flushed; thrown, they end the
 * command.
 */
function settle(command: Command, host: Host): void {
  const { process } = host
  command.exitOverride().configureOutput({
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(text),
    getOutHelpWidth: () => widthOf(process.stdout),
    getErrHelpWidth: () => widthOf(process.stderr),
  })
  for (const inner of command.commands) settle(inner, host)
}

function widthOf({ isTTY, columns = 80 }: Terminal): number {
  return isTTY ? columns : 80
}

function oneLine(error: unknown): string {
  const { message = '', code, errors } = error as { message?: string; code?: string; errors?: Error[] }
  const text = message || errors?.[0]?.message || code || String(error)
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim() ?? String(code)
  )
}
