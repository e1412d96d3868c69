/** The processes that are measured: our server as it is shipped, and bare ones to compare with. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createSigner } from 'fast-jwt'
import type { FilledDatabase } from './fill.js'

export interface ServerProcess {
  port: number
  pid: number
  stop(): Promise<void>
}

const secret = 'the secret that benchmarks sign tokens with'
const builtServer = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/**
 * `node dist/cli/main.js serve` on a filled database, with the defaults but for its log, which is off, and its limit of
 * requests, which is counted but far away.
 *
 * @param roles what it does; everything unless given
 */
export async function startOurs({ env }: Pick<FilledDatabase, 'env'>, roles: string[] = []): Promise<ServerProcess> {
  if (!existsSync(builtServer)) throw new Error('there is no dist/: run `npm run build` first')
  return startProcess(
    [builtServer, 'serve', ...(roles.length > 0 ? ['--only', roles.join()] : [])],
    { ...env, JWT_SECRET: secret, LOG_LEVEL: 'warn', RATE_LIMIT: '999999999' },
    '/ready',
  )
}

/** A server of this folder, such as `bare.ts`; its answers at `/health` say that it listens. */
export async function startOwn(file: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  return startProcess([...process.execArgv, fileURLToPath(new URL(file, import.meta.url))], env, '/health')
}

/** Headers of a token that may do everything but see numbers, or of one with these scopes. */
export function bearer(ownerId: number, scopes?: string[]): { authorization: string } {
  const claims = { sub: String(ownerId), ...(scopes && { scopes }) }
  return { authorization: `Bearer ${createSigner({ key: secret, algorithm: 'HS256' })(claims)}` }
}

async function startProcess(args: string[], env: Record<string, string>, path: string): Promise<ServerProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilReady(child, `http://127.0.0.1:${port}${path}`)
  return { port, pid: child.pid ?? 0, stop: () => stop(child) }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000
  for (;;) {
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok) return
    if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode} instead of starting`)
    if (Date.now() > giveUpAt) {
      child.kill('SIGKILL')
      throw new Error(`no answer at ${url} after 30 s${answer ? `: ${answer.status}` : ''}`)
    }
    await wait(50)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
