import { Command } from 'commander'

export function visitsCommand(): Command {
  return new Command('visits').description('Import and export visits.')
}
