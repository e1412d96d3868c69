import { Command } from 'commander'
import { exportCommand } from './visits-export.js'
import { importCommand } from './visits-import.js'

export function visitsCommand(): Command {
  return new Command('visits')
    .description('Visits to and from files.')
    .addCommand(importCommand())
    .addCommand(exportCommand())
}
