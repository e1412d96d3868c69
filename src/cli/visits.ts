import { Command } from 'commander'
import type { Host } from './host.js'
import { exportCommand } from './visits-export.js'
import { importCommand } from './visits-import.js'

export function visitsCommand(host: Host): Command {
  return new Command('visits')
    .description('Visits to and from files.')
    .addCommand(importCommand(host))
    .addCommand(exportCommand(host))
}
