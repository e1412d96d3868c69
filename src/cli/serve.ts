import { Command } from 'commander'
import { readConfig } from '../config.js'
import { startServer, stopOnSignals } from '../server.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the server. Configured by environment variables or a file .env; see .env.example.')
    .action(async () => stopOnSignals(await startServer(readConfig())))
}
