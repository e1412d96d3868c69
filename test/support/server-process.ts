import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { commandLine, programFile } from './programs.js'

export interface ServerProcess {
  child: ChildProcess
  /** Where it listens; fails with what it said when it ends instead. */
  address(): Promise<string>
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** Everything it has said so far. */
  output: () => string
  /** Waits until the output matches, and returns the first group; fails with the output when the process ends before. */
  said(pattern: RegExp): Promise<string>
}

/** `smart-link serve` as a process of its own, on a free port, in a folder without `.env`; killed with the test. */
export function startServerProcess(env: Record<string, string>, args: string[] = []): ServerProcess {
  const server = openServerProcess(env, args)
  onTestFinished(server.close)
  return server
}

/** The same for a whole file: the caller closes it. */
export function openServerProcess(
  env: Record<string, string>,
  args: string[] = [],
): ServerProcess & { close(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'smart-link-serve-'))
  const preload = [programFile('answers-of-process'), programFile('never-busy')]
  const imports = preload.flatMap((file) => ['--import', pathToFileURL(file).href])
  const child = spawn(process.execPath, [...imports, commandLine, 'serve', ...args], {
    cwd: folder,
    // A click is looked for in the log at once.
    env: { PORT: '0', CAPTURE_WAIT_MS: '60000', ...env },
  })
  const texts: string[] = []
  child.stdout.on('data', (text: Buffer) => texts.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => texts.push(text.toString()))
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? '')
  const output = () => texts.join('')
  const said = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const [, found] = pattern.exec(output()) ?? []
        if (found !== undefined) resolve(found)
      }
      look()
      child.stdout.on('data', look)
      ended.then(() => reject(new Error(output())), reject)
    })
  const address = () => said(/Server listening at (http:[^"]+)/)
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
    expect(output().match(/^undocumented answer: .*$/gm)).toBe(null)
  }
  return { child, address, ended, output, said, close }
}
