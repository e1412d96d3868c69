import { Command } from 'commander'
import type { Host } from './host.js'
import { importApiCommand } from './import-api.js'
import { importShlinkCommand, importYourlsCommand } from './import-log.js'

export function importCommand(host: Host): Command {
  return new Command('import')
    .description('Move in: copy links and visits of other servers. Each may be ended at any time and run again.')
    .addCommand(importApiCommand(host))
    .addCommand(importShlinkCommand(host))
    .addCommand(importYourlsCommand(host))
}
