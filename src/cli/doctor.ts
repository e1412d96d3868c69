import { Command } from 'commander'
import { type Config, ConfigError } from '../config.js'
import { examineClock, examineServer } from '../database/environment.js'
import { databaseIdOf } from '../database/server-key.js'
import { examineAddress, type TriedRequest } from '../doctor/address.js'
import { examineAddressFiles } from '../doctor/address-files.js'
import { examineBackup } from '../doctor/backup.js'
import { examineConfiguration } from '../doctor/configuration.js'
import { type Finding, findings } from '../doctor/finding.js'
import { examineQueue } from '../doctor/queue.js'
import { examineRedis } from '../doctor/redis.js'
import { examineSpool } from '../doctor/spool.js'
import { startOver } from '../visits/doctor/start-over.js'
import { examineLog } from '../visits/doctor.js'
import { type CommandContext, withDatabase } from './database.js'
import { type Host, hostConfig } from './host.js'

interface DoctorArguments extends TriedRequest {
  repair: boolean
  afterRestore: boolean
}

export function doctorCommand(host: Host): Command {
  return new Command('doctor')
    .description('Check what the server stands on, and counters against rows. A line for each: ok, warn or fail.')
    .option('--repair', 'set counters from the rows', false)
    .option('--after-restore', 'first of all make invalid what was made of the database as it was before', false)
    .option('--from <address>', 'say what address a request is seen from that comes from there')
    .option('--forwarded <list>', 'with this X-Forwarded-For')
    .addHelpText('after', doctorHelp)
    .action((given: DoctorArguments) => diagnose(host, given))
}

const doctorHelp = `
The exit status is 1 when a line says fail that has not been repaired, and else 0. It may run while the server does: each
link is looked at as it is at one moment. While a link is repaired, visits of its owner wait.

After a backup was restored, servers and readers know of visits that the log has lost, whose numbers it gives again.
--after-restore makes cursors, entity tags and statistics of before known as such. A server notices by itself when it is
led to another database, or to a replica that was promoted; not when the files of a cluster were put back, or rows into the
same database. It does no harm where nothing was lost.

Visits are never numbered again: a gap in the log is reported, and stays until it is restored from a backup.`

async function diagnose(host: Host, { repair, afterRestore, ...tried }: DoctorArguments): Promise<void> {
  const say = sayTo(host)
  const config = configured(host, say)
  if (config === null) return
  say(...examineConfiguration(config))
  let databaseId: string | null = null
  await diagnoseDatabase(host, { repair, afterRestore }, say, async ({ db }) => {
    if (config.queue !== undefined) databaseId = await databaseIdOf(db).catch(() => null)
  })
  say(...(await examineSpool(config)))
  say(...(await examineQueue(config.queue, databaseId)))
  say(...(await examineRedis(config.redisUrl)))
  say(...(await examineAddressFiles(config)))
  say(...(await examineAddress(config, tried)))
}

type Say = (...lines: Finding[]) => void

function sayTo({ process, console }: Host): Say {
  return (...lines) => {
    for (const { level, topic, text } of lines) {
      console.log(`${level.padEnd(4)} ${topic}: ${text}`)
      if (level === 'fail') process.exitCode = 1
    }
  }
}

function configured(host: Host, say: Say): Config | null {
  try {
    return hostConfig(host)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    say({ level: 'fail', topic: 'configuration', text: error.message })
    return null
  }
}

/** The rest is looked at also when the database cannot be. */
async function diagnoseDatabase(
  host: Host,
  { repair, afterRestore }: Pick<DoctorArguments, 'repair' | 'afterRestore'>,
  say: Say,
  onOpen: (context: CommandContext) => Promise<void>,
): Promise<void> {
  let isOpen = false
  try {
    await withDatabase(host, async (context) => {
      isOpen = true
      const { version, problems } = await examineServer(context.db)
      const wrong = problems.map(({ isFault, text }) => ({
        level: isFault ? ('fail' as const) : ('warn' as const),
        text,
      }))
      say(...findings('database', wrong, `PostgreSQL ${version}, migrated`))
      const { difference, isFar } = await examineClock(context.db)
      say({ level: isFar ? 'fail' : 'ok', topic: 'clock', text: `the one of the database is ${difference}` })
      if (afterRestore) {
        await startOver(context.db)
        say({
          level: 'ok',
          topic: 'restore',
          text: 'what was made of the database as it was before is not valid any more',
        })
      }
      await diagnoseLog(context, repair, say)
      say(await examineBackup(context.db, context.config))
      await onOpen(context)
    })
  } catch (error) {
    if (isOpen) throw error
    const { message, code } = error as NodeJS.ErrnoException
    say({ level: 'fail', topic: 'database', text: message || (code ?? 'it cannot be opened') })
  }
}

async function diagnoseLog({ db, signal }: CommandContext, repair: boolean, say: Say): Promise<void> {
  const { owners, links, findings } = await examineLog(db, {
    repair,
    signal,
    report: ({ where, problem }, isRepaired) =>
      say({ level: isRepaired ? 'ok' : 'fail', topic: where, text: `${problem}${isRepaired ? ' (repaired)' : ''}` }),
  })
  const text = `${owners} owners with ${links} links, as their rows say`
  if (findings === 0) say({ level: 'ok', topic: 'counters', text })
}
