import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { serverAccount } from './embedded-account.js'
import { findBinaries } from './embedded-binaries.js'
import { ensureCluster } from './embedded-cluster.js'
import { ROLE } from './embedded-initdb.js'
import { enterServer } from './embedded-presence.js'

export type EmbeddedPostgres = {
  /** Connection string of the database `smart_link`, with its password: not for logs. */
  url: string
  /** Leaves the server; whoever leaves last shuts it down. May be called more than once. Close your own connections first. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  /** Created when missing. Holds `postgres/` (the cluster) and `postgres.log`. */
  dataDir: string
  /** Receives one line for each thing worth telling; never the password. */
  log?: (line: string) => void
}

/** What PGSSLMODE and PGSSLNEGOTIATION say is meant for another server. Whoever has taken the port does not learn the password. */
const parameters = 'sslmode=disable&sslnegotiation=postgres&require_auth=scram-sha-256'

/**
 * Opens the PostgreSQL of a data folder (docs/architecture.md#the-embedded-database): the first process that asks starts it, the
 * others connect to it.
 *
 * The server is a process of its own and outlives a killed Node; the next call attaches to it. There is no owner: each
 * caller holds a presence in the server, and the `stop()` that finds no other presence shuts it down. So a command
 * line that happened to come first does not take PostgreSQL away from a server that came second.
 *
 * @throws EmbeddedError with one line that says what to do: no binaries, read-only installation, folder of another user
 */
export async function startEmbeddedPostgres({ dataDir, log = () => {} }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  // Under root PostgreSQL runs as another user, who must be able to pass through the folder but need not list it.
  await mkdir(dataDir, { recursive: true, mode: process.geteuid?.() === 0 ? 0o711 : 0o700 })
  const root = await realpath(dataDir)
  const folder = join(root, 'postgres')
  const account = await serverAccount(root, folder, binaries.postgres)
  const password = await ensureCluster({ root, folder, binaries, account, log })

  const presence = await enterServer({ root, folder, binaries, account, password, log })
  let stopped: Promise<void> | undefined
  return {
    url: `postgresql://${ROLE}:${password}@127.0.0.1:${presence.port}/${ROLE}?${parameters}`,
    stop: () => {
      stopped ??= presence.leave()
      return stopped
    },
  }
}
