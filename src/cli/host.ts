import type { Readable } from 'node:stream'
import { type Config, readConfig } from '../config.js'

/**
 * What commands use of Node besides the database. `main.ts` passes the globals; tests pass their own and run commands
 * without starting a process.
 */
export interface Host {
  process: HostProcess
  console: Pick<Console, 'log' | 'error'>
}

type Signal = 'SIGINT' | 'SIGTERM'

/** The part of `process` that commands use. */
export interface HostProcess {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Readable
  readonly stdout: Terminal
  readonly stderr: Terminal
  /** Status to end with; absent means 0. */
  exitCode?: number | string | null | undefined
  cwd(): string
  /** The file whose variables were added to `env`, and their names. */
  configFile?: { file: string; names: Set<string> } | null
  once(signal: Signal, listener: () => void): HostProcess
  off(signal: Signal, listener: () => void): HostProcess
}

/** An output that may be a terminal. */
export type Terminal = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

/** @throws ConfigError */
export function hostConfig({ process: { env } }: Host): Config {
  return readConfig(env)
}
