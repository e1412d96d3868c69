#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { demoCommand } from './demo.js'
import { doctorCommand } from './doctor.js'
import { migrateCommand } from './migrate.js'
import { serveCommand } from './serve.js'
import { tokenCommand } from './token.js'
import { visitsCommand } from './visits.js'

const program = new Command('smart-link')
  .description('Tracked short links, and every opening of them.')
  .addCommand(serveCommand())
  .addCommand(demoCommand())
  .addCommand(migrateCommand())
  .addCommand(tokenCommand())
  .addCommand(visitsCommand())
  .addCommand(doctorCommand())

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
