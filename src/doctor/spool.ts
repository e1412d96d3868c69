import { access, constants, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config.js'
import { type Finding, findings } from './finding.js'

/** For longer nothing waits where a server runs and the database answers. */
const longMs = 60_000

/** The data folder can be written to, and what waits in its spool. */
export async function examineSpool({ dataDir, spoolMaxBytes }: Config): Promise<Finding[]> {
  const folder = await existing(dataDir)
  const refused = await access(folder, constants.W_OK).then(
    () => null,
    ({ code }: NodeJS.ErrnoException) => code,
  )
  if (refused !== null) {
    return [{ level: 'fail', topic: 'spool', text: `${folder} cannot be written to (${refused})` }]
  }
  const files = await filesOf(join(dataDir, 'spool'))
  const waiting = files.filter(({ name }) => name.endsWith('.spool'))
  const bytes = waiting.reduce((sum, { size }) => sum + size, 0)
  const wrong: Omit<Finding, 'topic'>[] = []
  const oldest = Math.min(...waiting.map(({ mtimeMs }) => mtimeMs))
  if (Date.now() - oldest > longMs) {
    const since = new Date(oldest).toISOString()
    wrong.push({
      level: 'fail',
      text: `${waiting.length} files with ${bytes} bytes wait in ${join(dataDir, 'spool')} since ${since}: a server stores them`,
    })
  }
  if (bytes >= spoolMaxBytes) wrong.push({ level: 'fail', text: `it is full: SPOOL_MAX_BYTES is ${spoolMaxBytes}` })
  for (const { name } of files.filter(({ name }) => name.endsWith('.bad'))) {
    wrong.push({ level: 'warn', text: `${name} holds visits that could not be stored: look at it, then remove it` })
  }
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < spoolMaxBytes) {
    wrong.push({ level: 'warn', text: `the disk has ${bavail * bsize} bytes left, less than SPOOL_MAX_BYTES` })
  }
  return findings('spool', wrong, waiting.length === 0 ? 'empty' : `${waiting.length} files wait, ${bytes} bytes`)
}

/** The folder may not exist yet: then the one that it would be made in counts. */
async function existing(folder: string): Promise<string> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const isMissing = await stat(at).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
    )
    if (!isMissing || at === dirname(at)) return at
  }
}

/** None where there is no spool; a file may go while it is looked at. */
async function filesOf(folder: string): Promise<{ name: string; size: number; mtimeMs: number }[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const file = await stat(join(folder, name)).catch(() => null)
      return file?.isFile() ? [{ name, size: file.size, mtimeMs: file.mtimeMs }] : []
    }),
  )
  return found.flat()
}
