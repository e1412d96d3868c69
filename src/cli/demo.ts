import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { readConfig } from '../config.js'
import { demoLink, demoOwner, storeDemo } from '../demo/data.js'
import { startServer, stopOnSignals } from '../server.js'
import { createToken } from './token.js'

export function demoCommand(): Command {
  return new Command('demo')
    .description('Start the server on an embedded database with sample data, in a folder of its own.')
    .action(async () => {
      const given = readConfig()
      const logLevel = 'warn'
      const config = { ...given, databaseUrl: undefined, dataDir: join(given.dataDir, 'demo'), logLevel }
      const server = await startServer(config)
      stopOnSignals(server)
      const base = config.publicUrl ?? server.address
      await storeDemo(server.connection.db, new URL(base).host, new Date())
      const token = await createToken(config, { user: demoOwner })
      console.log(`
Smart Link runs at ${base}
Its data lies in   ${resolve(config.dataDir)}

A page of visits, newest first:

  curl -H 'Authorization: Bearer ${token}' ${base}/link/urls/${demoLink}/visits

Stop it with Ctrl-C; the data stays.
`)
    })
}
