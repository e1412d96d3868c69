import { Command } from 'commander'
import { importApiCommand } from './import-api.js'
import { importShlinkCommand, importYourlsCommand } from './import-log.js'

export function importCommand(): Command {
  return new Command('import')
    .description('Move in: copy links and visits of other servers. Each may be ended at any time and run again.')
    .addCommand(importApiCommand())
    .addCommand(importShlinkCommand())
    .addCommand(importYourlsCommand())
}
