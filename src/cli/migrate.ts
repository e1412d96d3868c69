import { Command } from 'commander'
import { connect, findDatabase, migrationsDirectory } from '../database/connect.js'
import { migrate } from '../database/migrate.js'
import { type Host, hostConfig } from './host.js'

export function migrateCommand(host: Host): Command {
  return new Command('migrate').description('Bring the database to the current schema.').action(async () => {
    const { console } = host
    const config = hostConfig(host)
    const log = (line: string) => console.error(line)
    if (config.databaseUrl === undefined) {
      await (await connect(config, log)).close()
      return console.error('The embedded database is migrated.')
    }
    const { directUrl } = await findDatabase({ ...config, databaseUrl: config.databaseUrl })
    const applied = await migrate(directUrl, { directory: migrationsDirectory, log })
    console.error(applied.length === 0 ? 'Nothing to migrate.' : `Applied ${applied.join(', ')}.`)
  })
}
