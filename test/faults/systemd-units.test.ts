import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { commandLine } from '../support/programs.js'
import { freePort, startVictim, type Victim } from './postgres.js'
import { compileFilter } from './seccomp.js'

const run = promisify(execFile)
const deploy = fileURLToPath(new URL('../../docs/deploy/', import.meta.url))
const units = ['smart-link.service', 'smart-link@.service']

let root = ''
let postgres: Victim | null = null

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'smart-link-units-'))
  postgres = await startVictim(join(root, 'database'))
})

afterAll(async () => {
  await postgres?.kill()
  await rm(root, { recursive: true, force: true })
})

it.each(units)('%s is valid, and safe by the reckoning of systemd', async (name) => {
  const unit = join(root, name)
  const text = await readFile(join(deploy, name), 'utf8')
  // Only where Node.js lies is different here.
  await writeFile(unit, text.replaceAll('/usr/bin/node', process.execPath))
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', unit])
  expect((stdout + stderr).split('\n').filter((line) => line.includes('smart-link'))).toEqual([])
  // Of 100; a service without any of this has 96.
  await run('systemd-analyze', ['security', '--offline=yes', '--threshold=25', unit])
})

it('both units say the same but for the part that a process does', async () => {
  const [whole = [], part = []] = await Promise.all(
    units.map(async (name) =>
      (await readFile(join(deploy, name), 'utf8')).split('\n').filter((line) => !line.startsWith('#')),
    ),
  )
  expect(part.filter((line) => !whole.includes(line))).toEqual([
    'Description=Smart Link (%i)',
    'ExecStart=/usr/bin/node /opt/smart-link/dist/cli/main.js serve --only %i',
  ])
  expect(part).toHaveLength(whole.length)
})

/** What was not allowed in the unit before: it killed this one, and kept the others from listening on all addresses. */
const versions = ['20', '22', '24', '26']

it.each(versions)('a server on Node %s runs under the filters of the unit', async (version) => {
  const prefix = join(root, `node-${version}`)
  await run('npm', ['install', '--prefix', prefix, '--no-save', '--silent', `node@${version}`])
  const node = join(prefix, 'node_modules/.bin/node')
  const filter = join(root, 'filter')
  await writeFile(filter, await compileFilter(await readFile(join(deploy, 'smart-link.service'), 'utf8')))
  const file = await open(filter)
  onTestFinished(() => file.close())
  const port = await freePort()
  const server = spawn(
    'bwrap',
    ['--die-with-parent', '--dev-bind', '/', '/', '--seccomp', '3', node, commandLine, 'serve'],
    {
      env: {
        ...{ PATH: process.env.PATH, HOME: root, DATA_DIR: join(root, `data-${version}`) },
        ...{ DATABASE_URL: postgres?.url ?? '', JWT_SECRET: 'x'.repeat(32), HOST: '0.0.0.0', PORT: String(port) },
      },
      stdio: ['ignore', 'pipe', 'pipe', file.fd],
    },
  )
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => (said += text))
  const ended = once(server, 'close')
  onTestFinished(async () => {
    server.kill('SIGKILL')
    await ended
  })
  const ready = async () => {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`ended: ${said}`)
    return (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null))?.status
  }
  await expect.poll(ready).toBe(200)
  expect((await fetch(`http://127.0.0.1:${port}/openapi.json`)).status).toBe(200)
})
