import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'
import { commandLine, programFile } from './programs.js'

export interface ServerProcess {
  child: ChildProcess
  /** Where it listens; fails with what it said when it ends instead. */
  address(): Promise<string>
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** Everything it has said so far. */
  output: () => string
}

/** `smart-link serve` as a process of its own, on a free port, in a folder without `.env`; killed with the test. */
export function startServerProcess(env: Record<string, string>, args: string[] = []): ServerProcess {
  const folder = mkdtempSync(join(tmpdir(), 'smart-link-serve-'))
  const preload = [programFile('answers-of-process'), programFile('never-busy')]
  const imports = preload.flatMap((file) => ['--import', pathToFileURL(file).href])
  const child = spawn(process.execPath, [...imports, commandLine, 'serve', ...args], {
    cwd: folder,
    // A click is looked for in the log at once.
    env: { PORT: '0', CAPTURE_WAIT_MS: '20000', ...env },
  })
  const said: string[] = []
  child.stdout.on('data', (text: Buffer) => said.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => said.push(text.toString()))
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? '')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
    expect(output().match(/^undocumented answer: .*$/gm)).toBe(null)
  })
  const output = () => said.join('')
  const address = () =>
    vi.waitUntil(
      () => {
        if (child.exitCode !== null) throw new Error(output())
        return /Server listening at (http:[^"]+)/.exec(output())?.[1]
      },
      { timeout: 60_000, interval: 20 },
    )
  return { child, address, ended, output }
}
