import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command } from 'commander'
import { readKeptSecret } from '../accounts/jwt-secret.js'
import { noteBackup } from '../backup/record.js'
import { type Backup, writeBackup } from '../backup/write.js'
import type { Config } from '../config.js'
import { migrationsDirectory } from '../database/connect.js'
import { isReadOnly } from '../database/errors.js'
import { migrationNames } from '../database/migrate.js'
import { StartError } from '../server.js'
import { ownerId } from './arguments.js'
import { type CommandContext, withDatabase } from './database.js'
import type { Host } from './host.js'
import { openProgress } from './progress.js'

interface BackupArguments {
  user?: number
  withJwtSecret: boolean
}

export function backupCommand(host: Host): Command {
  return new Command('backup')
    .description(
      'Write everything that the database holds, as it is at one moment, to a file. Servers go on meanwhile.',
    )
    .argument('<file>', 'the file to write, or - for standard output')
    .option('--user <number>', 'only what is of this owner', ownerId)
    .option('--with-jwt-secret', 'with the secret that is kept in DATA_DIR', false)
    .addHelpText('after', backupHelp)
    .action((file: string, given: BackupArguments) => backUp(host, file, given))
}

const backupHelp = `
In the file are all owners, links, recipients and visits with their numbers, access tokens (as hashes), webhooks with their secrets and
what they are still to be told, erasures, the audit, and the keys that cursors are signed with: keep it as safe as the database. Not
in it are visits that wait in DATA_DIR/spool or in NATS, configuration, and DATA_DIR/jwt-secret, which JWTs are signed with, unless
--with-jwt-secret. With --user, keys are not in it either: cursors of before are then refused, and access tokens go on.

smart-link restore puts it into an empty database, of any version of PostgreSQL. It is made under another name and gets its own when it
is complete. It is compressed (gzip) and not encrypted: smart-link backup - | age -r … > FILE`

async function backUp(host: Host, file: string, { user, withJwtSecret }: BackupArguments): Promise<void> {
  const { process, console } = host
  const sink = await openSink(file, process.stdout as Writable)
  try {
    await withDatabase(host, async (context) => {
      const jwtSecret = withJwtSecret ? await keptSecret(context.config) : null
      const backup = await write(context, sink.stream, { ownerId: user ?? null, jwtSecret }, host)
      await sink.keep()
      if (user === undefined) await note(context, backup, console)
      const { rows, bytes, takenAt } = backup
      const left = jwtSecret === null ? ' Not in it: DATA_DIR/jwt-secret and what waits in DATA_DIR/spool.' : ''
      console.error(`Backed up ${rows} rows as of ${takenAt.toISOString()}, ${bytes} bytes.${left}`)
    })
  } finally {
    await sink.leave()
  }
}

async function write(
  { db, signal }: CommandContext,
  sink: Writable,
  what: { ownerId: number | null; jwtSecret: string | null },
  { process }: Host,
): Promise<Backup> {
  const bar = openProgress(process.stderr)
  const client = await db.connectDirectly()
  const abort = () => client.connection.stream.destroy()
  signal.addEventListener('abort', abort)
  try {
    const known = await migrationNames(migrationsDirectory)
    const progress = (rows: number, total: number) => bar.show('backing up', rows, total)
    return await writeBackup(client, sink, { ...what, known, signal, progress })
  } finally {
    signal.removeEventListener('abort', abort)
    bar.stop()
    await client.end()
  }
}

/** For whoever looks how old the last one is. A backup of a replica cannot be noted there. */
async function note({ db }: CommandContext, { id, takenAt }: Backup, console: Host['console']): Promise<void> {
  await noteBackup(db, id, takenAt).catch((error) => {
    if (!isReadOnly(error)) throw error
    console.error('The database takes no writes: smart-link doctor will not know of this backup.')
  })
}

async function keptSecret({ jwt, dataDir }: Config): Promise<string> {
  if (jwt.kind !== 'secret' || jwt.secret !== undefined) {
    throw new StartError(
      '--with-jwt-secret is for the secret in DATA_DIR, and another key is configured: keep that by yourself.',
    )
  }
  const secret = await readKeptSecret(dataDir)
  if (secret === null) throw new StartError(`There is no ${join(dataDir, 'jwt-secret')}: no server has made one yet.`)
  return secret
}

interface Sink {
  stream: Writable
  /** It is complete: gives it its name. */
  keep(): Promise<void>
  /** Removes what was not kept. */
  leave(): Promise<void>
}

async function openSink(file: string, stdout: Writable): Promise<Sink> {
  if (file === '-') return { stream: stdout, keep: async () => {}, leave: async () => {} }
  const draft = `${file}.unfinished`
  const handle = await open(draft, 'w', 0o600)
  const stream = handle.createWriteStream({ autoClose: false })
  let isKept = false
  return {
    stream,
    keep: async () => {
      await finished(stream.end())
      await handle.sync()
      await rename(draft, file)
      isKept = true
    },
    leave: async () => {
      stream.destroy()
      await handle.close()
      if (!isKept) await rm(draft, { force: true })
    },
  }
}
