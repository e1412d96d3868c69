import { Command } from 'commander'
import { upgradeEmbedded } from '../backup/upgrade.js'
import type { Config } from '../config.js'
import { findDatabase, migrationsDirectory } from '../database/connect.js'
import { startEmbeddedPostgres } from '../database/embedded.js'
import { type MigrateOptions, migrate } from '../database/migrate.js'
import { StartError } from '../server.js'
import { type Host, hostConfig } from './host.js'

interface MigrateArguments {
  resolve?: string
  applied: boolean
}

export function migrateCommand(host: Host): Command {
  return new Command('migrate')
    .description('Bring the database to the current schema.')
    .option('--resolve <name>', 'apply a migration again that failed, after what stopped it is mended')
    .option('--applied', 'with --resolve: do not apply it, its changes were made by hand', false)
    .addHelpText('after', migrateHelp)
    .action((given: MigrateArguments) => migrateDatabase(host, given))
}

const migrateHelp = `
It may be run at any time, also while servers run or cannot start, and by several at once. Each migration is applied as a whole or not
at all: one that is interrupted is applied again by the next run, or the next start of a server with the embedded database. One that
fails stays in the way until --resolve.`

async function migrateDatabase(host: Host, { resolve: name, applied: isApplied }: MigrateArguments): Promise<void> {
  if (isApplied && name === undefined) throw new StartError('--applied says how to --resolve a migration: name it.')
  const { console } = host
  const log = (line: string) => console.error(line)
  const resolve = name === undefined ? null : { name, isApplied }
  const options = { directory: migrationsDirectory, log, ...(resolve && { resolve }) }
  const config = hostConfig(host)
  const { databaseUrl } = config
  const applied = await (databaseUrl === undefined
    ? migrateEmbedded(config, options)
    : migrateExternal({ ...config, databaseUrl }, options))
  console.error(applied.length === 0 ? 'Nothing to migrate.' : `Applied ${applied.join(', ')}.`)
}

async function migrateExternal(config: Config & { databaseUrl: string }, options: MigrateOptions): Promise<string[]> {
  const { directUrl } = await findDatabase(config)
  return migrate(directUrl, options)
}

async function migrateEmbedded(
  { dataDir }: Config,
  options: MigrateOptions & { log: (line: string) => void },
): Promise<string[]> {
  await upgradeEmbedded(dataDir, options.log)
  const embedded = await startEmbeddedPostgres({ dataDir, log: options.log })
  return migrate(embedded.url, options).finally(() => embedded.stop())
}
