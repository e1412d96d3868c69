import { Console } from 'node:console'
import { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'
import type { HostProcess } from '../../src/cli/host.js'
import { runCommandLine } from '../../src/cli/run.js'
import type { Database } from '../../src/database/open.js'
import { environmentOf, type Finished } from './command.js'

/**
 * The command line in this process, on this database: what `smart-link` does with these arguments, for a tenth of what a
 * process costs. What only a process can show (signals, memory, a reader that goes away) is for `runCommand`.
 */
export async function runInProcess(
  db: Database,
  args: string[],
  {
    input = '',
    env = {},
    folder = '/nowhere',
  }: { input?: string | Buffer; env?: Record<string, string>; folder?: string } = {},
): Promise<Finished> {
  const [stdout, stderr] = [new Written(), new Written()]
  const process: HostProcess = Object.assign(new EventEmitter(), {
    env: { ...(await environmentOf(db)), ...env },
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout,
    stderr,
    cwd: () => folder,
  })
  await runCommandLine(args, { process, console: new Console(stdout, stderr) })
  return { status: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() }
}

/** Keeps what is written to it. */
class Written extends Writable {
  readonly #chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}
