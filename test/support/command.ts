import { type ChildProcess, spawn } from 'node:child_process'
import { inject } from 'vitest'
import type { Database } from '../../src/database/open.js'
import { databaseUrl } from './postgres.js'
import { commandLine } from './programs.js'

export interface Finished {
  status: number | null
  stdout: string
  stderr: string
}

export interface CommandOptions {
  input?: string
  nodeArgs?: string[]
  /** Stops reading at the first output, as `head` does. */
  hangUp?: boolean
  env?: Record<string, string>
  cwd?: string
  started?: (child: ChildProcess) => void
}

/** The command line as a process of its own, on this database. */
export async function runCommand(db: Database, args: string[], options: CommandOptions = {}): Promise<Finished> {
  const { input = '', nodeArgs = [], hangUp = false, env: more = {}, cwd, started } = options
  const env = { ...(await environmentOf(db)), ...more }
  const child = spawn(process.execPath, [...nodeArgs, commandLine, ...args], { env, cwd })
  started?.(child)
  const finished: Finished = { status: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    finished.stdout += text
    if (hangUp) child.stdout.destroy()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    finished.stderr += text
  })
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ ...finished, status }))
  })
}

/** That of this process, and how this database is reached. */
export async function environmentOf(db: Database): Promise<NodeJS.ProcessEnv> {
  const { rows } = await db.pool.query<{ name: string }>('SELECT current_database() AS name')
  return { ...process.env, DATABASE_URL: databaseUrl(inject('postgresUrl'), rows[0]?.name ?? '') }
}
