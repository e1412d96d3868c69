import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded.js'
import { programFile } from '../support/programs.js'
import type { Order, Word } from './embedded-process.js'

const folders: { parent: string; dataDir: string }[] = []
const children: ChildProcess[] = []
const handles: EmbeddedPostgres[] = []

/** A data folder of its own, in a parent of the given mode and owner. `cleanUp` removes it and whatever runs in it. */
export async function dataFolder(options: { mode?: number; uid?: number } = {}): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'smart link embedded '))
  const dataDir = join(parent, 'a folder with spaces and a long name '.repeat(3), 'data')
  folders.push({ parent, dataDir })
  await chmod(parent, options.mode ?? 0o755)
  if (options.uid !== undefined) await chown(parent, options.uid, options.uid)
  return dataDir
}

/** Opens the database in this process; `cleanUp` stops what a failed test did not. */
export async function open(dataDir: string): Promise<EmbeddedPostgres> {
  const db = await startEmbeddedPostgres({ dataDir })
  handles.push(db)
  return db
}

/** Starts another Node process on the folder. */
export function processOn(dataDir: string, options: { uid?: number } = {}) {
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = fork(programFile('embedded-process'), [dataDir], { execArgv: [], ...user })
  children.push(child)
  const words: Word[] = []
  child.on('message', (word: Word) => words.push(word))
  const hear = async <K extends string>(key: K) => {
    const heard = await until(
      () => words.find((word) => key in word || 'error' in word) ?? (child.exitCode !== null && { error: 'exited' }),
    )
    if ('error' in heard && key !== 'error') throw new Error(heard.error)
    return heard
  }
  return {
    url: async () => {
      const word = await hear('url')
      return 'url' in word ? word.url : ''
    },
    error: async () => {
      const word = await hear('error')
      return 'error' in word ? word.error : ''
    },
    /** Ids whose commit the process has reported so far. */
    committed: () => words.flatMap((word) => ('committed' in word ? [word.committed] : [])),
    order: (order: Order) => child.send(order),
    stop: async () => {
      child.send('stop' satisfies Order)
      await hear('stopped')
      child.kill('SIGKILL')
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Waits for a condition; the test's own time limit is the limit. */
export async function until<T>(condition: () => T | Promise<T>): Promise<Exclude<T, Nothing>> {
  for (;;) {
    const value = await condition()
    if (isSomething(value)) return value
    await wait(5)
  }
}

type Nothing = undefined | null | false

function isSomething<T>(value: T): value is Exclude<T, Nothing> {
  return value !== undefined && value !== null && value !== false
}

export async function query<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<R>(sql)).rows
  } finally {
    await client.end()
  }
}

/** The first row's only column. */
export async function value(url: string, sql: string): Promise<unknown> {
  const [row] = await query(url, sql)
  return Object.values(row ?? {})[0]
}

/** Process id of the folder's server, or null when none runs. */
export async function serverOf(dataDir: string): Promise<number | null> {
  const content = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(content, 10)
  return pid > 0 && (await isRunning(pid)) ? pid : null
}

/** Kills the server the hard way and waits until it is gone; its children notice by themselves. */
export async function killServer(dataDir: string): Promise<void> {
  const pid = await serverOf(dataDir)
  if (pid === null) return
  process.kill(pid, 'SIGKILL')
  await until(async () => !(await isRunning(pid)))
}

async function isRunning(pid: number): Promise<boolean> {
  // A dead child of another process stays a zombie until that process looks.
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status !== '' && !/\) Z /.test(status)
}

export async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  // Those still present would start a killed server again.
  for (const db of handles.splice(0)) await db.stop()
  for (const { parent, dataDir } of folders.splice(0)) {
    await killServer(dataDir)
    await rm(parent, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
