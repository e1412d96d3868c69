#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { spareMemory } from '../heap.js'

// Imports and exports are small beside their files. A server grows as it needs to.
if (process.argv[2] !== 'serve') spareMemory()

/** Only the one that is run is loaded: some bring the whole server along. */
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./serve.js')).serveCommand(),
  demo: async () => (await import('./demo.js')).demoCommand(),
  migrate: async () => (await import('./migrate.js')).migrateCommand(),
  owner: async () => (await import('./owner.js')).ownerCommand(),
  token: async () => (await import('./token.js')).tokenCommand(),
  visits: async () => (await import('./visits.js')).visitsCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
}

const program = new Command('smart-link').description('Tracked short links, and every opening of them.')
const named = Object.entries(commands).filter(([name]) => name === process.argv[2])
for (const [, load] of named.length > 0 ? named : Object.entries(commands)) program.addCommand(await load())

exitByThrowing(program)

try {
  if (existsSync('.env')) process.loadEnvFile('.env')
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) console.error(`smart-link: ${oneLine(error)}`)
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1
}

/** Commander's own errors end the process before streams are flushed; thrown, they end it here. */
function exitByThrowing(command: Command): void {
  command.exitOverride()
  for (const inner of command.commands) exitByThrowing(inner)
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
