import { Command } from 'commander'
import { moveDatabase } from '../backup/move.js'
import { upgradeEmbedded } from '../backup/upgrade.js'
import { ConfigError, readConfig } from '../config.js'
import { findDatabase } from '../database/connect.js'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../database/embedded.js'
import { movedTo, openForWriting, placeOf } from '../database/moved.js'
import { openSession } from '../database/session.js'
import { StartError } from '../server.js'
import { type Host, hostConfig } from './host.js'
import { openProgress } from './progress.js'

interface MoveArguments {
  to?: string
  undo: boolean
}

export function moveCommand(host: Host): Command {
  return new Command('move')
    .description('Move everything from the embedded database into another one, while the server runs.')
    .option('--to <address>', 'postgresql://user:password@host/database, which is empty')
    .option(
      '--undo',
      'let the embedded database be written to again, after a move that was killed or is regretted',
      false,
    )
    .addHelpText('after', moveHelp)
    .action((given: MoveArguments) => move(host, given))
}

const moveHelp = `
Everything is copied while the server goes on. Then the embedded database takes no more writes, for good; what has changed meanwhile
follows; and the copy comes into sight. From then on the server only reads, and clicks go to DATA_DIR/spool. Set DATABASE_URL and start
it anew, with the same DATA_DIR: it stores them. Numbers, tokens and cursors are what they were.

A move that fails or is interrupted changes nothing, and is run again. After kill -9 the embedded database may be closed already: run it
again, or --undo. The embedded database stays where it is until you remove DATA_DIR/postgres.`

async function move(host: Host, { to, undo }: MoveArguments): Promise<void> {
  const config = hostConfig(host)
  if (config.databaseUrl !== undefined) {
    throw new StartError(
      'DATABASE_URL is set: this moves out of the embedded database. Use smart-link backup and restore.',
    )
  }
  if ((to === undefined) !== undo) throw new StartError('Give --to an address, or --undo.')
  await upgradeEmbedded(config.dataDir)
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir })
  try {
    if (to === undefined) await undoMove(host, embedded)
    else await moveTo(host, embedded, to)
  } finally {
    await embedded.stop()
  }
}

async function moveTo({ process, console }: Host, embedded: EmbeddedPostgres, to: string): Promise<void> {
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const bar = openProgress(process.stderr)
  try {
    const { directUrl } = await findDatabase(targetConfig(to))
    const { rows, caughtUp, stopMs } = await moveDatabase(embedded.url, directUrl, {
      signal: controller.signal,
      copied: (done, total) => bar.show('copying', done, total),
      finishing: (done, total) => bar.show('indexing', done, total),
    })
    bar.stop()
    const stop = `nothing could be written for ${(stopMs / 1000).toFixed(1)} seconds`
    console.error(`Moved ${rows} rows to ${placeOf(to)}, and ${caughtUp} that came or changed meanwhile; ${stop}.`)
    console.error('Now set DATABASE_URL to it and start the server anew: until then clicks wait in DATA_DIR/spool.')
  } catch (error) {
    throw controller.signal.aborted ? new StartError('Interrupted: nothing has been moved.') : error
  } finally {
    bar.stop()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** As the server will read it. */
function targetConfig(to: string) {
  try {
    const { databaseUrl, ...config } = readConfig({ DATABASE_URL: to })
    return { ...config, databaseUrl: databaseUrl ?? to }
  } catch (error) {
    throw error instanceof ConfigError ? new StartError(error.message.replace('DATABASE_URL', '--to')) : error
  }
}

async function undoMove({ console }: Host, embedded: EmbeddedPostgres): Promise<void> {
  const client = await openSession(embedded.url, { name: 'smart-link move' })
  try {
    const place = await movedTo(client)
    if (place === null) throw new StartError('The embedded database has not been moved.')
    await openForWriting(client)
    console.error(`The embedded database is written to again. What has come to ${place} since is not in it.`)
  } finally {
    await client.end()
  }
}
