import { upgradeEmbedded } from '../backup/upgrade.js'
import type { Config } from '../config.js'
import { connect, schemaProblem } from '../database/connect.js'
import type { Database } from '../database/open.js'
import { commandLimits } from '../database/session.js'
import { StartError } from '../server.js'
import { type Host, hostConfig } from './host.js'

/** What a command works on. */
export interface CommandContext {
  db: Database
  config: Config
  /** Aborted by Ctrl-C and SIGTERM: leave, so that an embedded database is left in order. */
  signal: AbortSignal
}

/**
 * Opens the configured database for one command and leaves it in order, also when the command fails or is interrupted.
 *
 * @throws StartError when the schema is not current, and when the command was interrupted
 */
export async function withDatabase(host: Host, command: (context: CommandContext) => Promise<void>): Promise<void> {
  const { process } = host
  const config = hostConfig(host)
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  // Once: a second Ctrl-C ends the process at once.
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  if (config.databaseUrl === undefined) await upgradeEmbedded(config.dataDir, (line) => host.console.error(line))
  const connection = await connect(config, undefined, commandLimits)
  try {
    const problem = await schemaProblem(connection.directUrl)
    if (problem !== null) throw new StartError(problem)
    await command({ db: connection.db, config, signal: controller.signal })
  } catch (error) {
    throw controller.signal.aborted ? new StartError('Interrupted.') : error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await connection.close()
  }
}
