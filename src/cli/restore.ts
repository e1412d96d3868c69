import { join } from 'node:path'
import { Command } from 'commander'
import { keepSecret } from '../accounts/jwt-secret.js'
import { restoreBackup } from '../backup/restore.js'
import { upgradeEmbedded } from '../backup/upgrade.js'
import type { Config } from '../config.js'
import { findDatabase } from '../database/connect.js'
import { startEmbeddedPostgres } from '../database/embedded.js'
import { StartError } from '../server.js'
import { type Host, hostConfig } from './host.js'
import { bytesRead, openFile } from './import-file.js'
import { openProgress } from './progress.js'

export function restoreCommand(host: Host): Command {
  return new Command('restore')
    .description('Put what smart-link backup wrote into an empty database.')
    .argument('<file>', 'the file, or - for standard input')
    .addHelpText('after', restoreHelp)
    .action((file: string) => restore(host, file))
}

const restoreHelp = `
Into the database of the configuration, with no server on it: a new one, or one that has no owners yet. It gets the schema of this program;
a backup that an older one made is brought to it. Everything comes into sight at one moment, when all of it is there and is what was
written: a file that is cut off or altered changes nothing. A restore that was interrupted or killed goes on when it is run again.

A secret in the file is kept as DATA_DIR/jwt-secret, unless there is one. Cursors of before the backup go on; those that were given
after it are refused (409), as numbers that they count are given again.`

async function restore(host: Host, file: string): Promise<void> {
  const { process, console } = host
  const config = hostConfig(host)
  const { source, size } = await openFile(file, process)
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const target = await openTarget(config)
  const bar = openProgress(process.stderr)
  try {
    const header = await restoreBackup(target.url, source, {
      signal: controller.signal,
      begun: ({ taken_at }, isResumed) =>
        bar.say(`${isResumed ? 'Going on with' : 'Restoring'} the backup of ${taken_at}.`),
      loaded: (rows, total) =>
        size === null ? bar.show('restoring', rows, total) : bar.show('restoring', bytesRead(source), size),
      finishing: (done, total) => bar.show('indexing', done, total),
    })
    bar.stop()
    console.error('Restored. Run smart-link doctor, then start the servers.')
    if (header.jwt_secret !== undefined) await restoreSecret(config, header.jwt_secret, console)
  } catch (error) {
    throw controller.signal.aborted ? new StartError('Interrupted. Run it again to go on.') : error
  } finally {
    bar.stop()
    source.destroy()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await target.close()
  }
}

async function openTarget(config: Config): Promise<{ url: string; close: () => Promise<void> }> {
  const { databaseUrl } = config
  if (databaseUrl !== undefined) {
    const { directUrl } = await findDatabase({ ...config, databaseUrl })
    return { url: directUrl, close: async () => {} }
  }
  await upgradeEmbedded(config.dataDir)
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir })
  return { url: embedded.url, close: () => embedded.stop() }
}

async function restoreSecret({ dataDir }: Config, secret: string, console: Host['console']): Promise<void> {
  const file = join(dataDir, 'jwt-secret')
  const isKept = await keepSecret(dataDir, secret)
  console.error(isKept ? `The secret of JWTs is in ${file}.` : `${file} holds another secret, which stays.`)
}
