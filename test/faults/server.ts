import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { commandLine, programFile } from '../support/programs.js'
import { freePort } from './postgres.js'
import { until } from './until.js'

/** The real server in a process of its own. */
export interface ServerProcess {
  port: number
  /** Lines of its log, from level warn. */
  log: string[]
  /** Of /ready, with the message. */
  readiness(): Promise<{ status: number; message: string }>
  kill(): Promise<void>
  /** It does nothing, and keeps its connections. */
  freeze(): void
  thaw(): void
  /** As a service is stopped; answers its exit code. */
  stop(): Promise<number | null>
}

export interface ServerOptions {
  url: string
  dataDir: string
  env?: Record<string, string>
  /** What it does; everything without. */
  only?: string
  /** In blocks of 512 bytes, or 1,024 with some shells: no file may become larger. */
  largestFileBlocks?: number
}

export async function startServer({
  url,
  dataDir,
  env = {},
  only = 'api,redirect,work',
  largestFileBlocks,
}: ServerOptions): Promise<ServerProcess> {
  const port = await freePort()
  const preload = ['--import', pathToFileURL(programFile('never-busy')).href]
  const node = [process.execPath, ...preload, commandLine, 'serve', '--only', only]
  const limited = ['sh', '-c', `ulimit -f ${largestFileBlocks}; exec "$0" "$@"`, ...node]
  const [program = '', ...args] = largestFileBlocks === undefined ? node : limited
  const child = spawn(program, args, {
    env: {
      ...process.env,
      ...{ DATABASE_URL: url, DATA_DIR: dataDir, PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn' },
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => log.push(...text.split('\n').filter(Boolean)))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals) => {
    if (!hasEnded()) {
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    }
    return child.exitCode
  }
  const readiness = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`)
    const { message } = (await answer.json()) as { message: string }
    return { status: answer.status, message }
  }
  await until(async () => {
    if (hasEnded()) throw new Error(`the server ended with ${child.exitCode} instead of starting: ${log.join('\n')}`)
    return readiness().then(
      () => true,
      () => false,
    )
  }, 'the server does not start')
  return {
    port,
    log,
    readiness,
    kill: async () => {
      await end('SIGKILL')
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end('SIGTERM'),
  }
}
