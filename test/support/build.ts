import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'vite'
import { programFile, programFolder, programs } from './programs.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const source = join(root, 'src')

interface Part {
  /** The script of package.json that makes it. */
  script: string
  inputs: string[]
  /** A file that the script writes. */
  output: string
}

const settings = ['package-lock.json', 'tsconfig.json']

/** What `npm run build` does, in its order. */
const parts: Part[] = [
  { script: 'build:prisma', inputs: ['prisma/schema.prisma'], output: 'src/database/prisma/client.ts' },
  { script: 'build:server', inputs: ['src', 'prisma/schema.prisma', ...settings], output: 'dist/cli/main.js' },
  { script: 'build:client', inputs: ['src/client', ...settings], output: 'dist/client/index.js' },
  // All folders that the dashboard may import from (architecture.test.ts).
  {
    script: 'build:dashboard',
    inputs: ['src/dashboard', 'src/client', 'src/csv', 'src/recipient-files', ...settings],
    output: 'dist/dashboard/index.html',
  },
]

/** The folders that only a part of its own is made of. */
const ownParts = ['src/dashboard', 'src/client', 'src/database/prisma'].map((folder) => join(root, folder))

/**
 * A global set-up of vitest: makes what is missing of the build or older than its source, once for the whole run, so that what is
 * shipped is what is tested.
 *
 * @throws with the output of the script that failed
 */
export default async function setup(): Promise<void> {
  for (const { script, inputs, output } of parts) {
    const file = join(root, output)
    const newest = Math.max(...inputs.map((input) => newestIn(join(root, input), input === 'src' ? ownParts : [])))
    if (timeOf(file) >= newest) continue
    await promisify(execFile)('npm', ['run', script], { cwd: root }).catch(failWithOutput)
    // The compiler leaves a file as it is whose content has not changed.
    const now = new Date()
    await utimes(file, now, now)
  }
  if (!areProgramsCurrent()) await buildPrograms()
}

function areProgramsCurrent(): boolean {
  const newest = Math.max(...['test/support', 'test/database'].map((folder) => newestIn(join(root, folder))))
  return (Object.keys(programs) as (keyof typeof programs)[]).every((name) => timeOf(programFile(name)) > newest)
}

async function buildPrograms(): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [{ name: 'src-from-dist', enforce: 'pre', resolveId: resolveToBuild }],
    build: { ssr: true, outDir: programFolder, emptyOutDir: true, rollupOptions: { input: programs } },
  })
}

function resolveToBuild(id: string, importer: string | undefined) {
  if (importer === undefined || !id.startsWith('.')) return null
  const file = join(importer, '..', id)
  if (!file.startsWith(`${source}/`)) return null
  return { id: pathToFileURL(join(root, 'dist', relative(source, file))).href, external: true }
}

/** Time of the newest file or folder there: a folder is changed when a file in it is removed. */
function newestIn(path: string, except: string[] = []): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0
  const inner = readdirSync(path).map((name) => join(path, name))
  const times = inner.filter((file) => !except.includes(file)).map((file) => newestIn(file, except))
  return Math.max(stats.mtimeMs, ...times)
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function failWithOutput({
  cmd = '',
  stdout = '',
  stderr = '',
}: {
  cmd?: string
  stdout?: string
  stderr?: string
}): never {
  throw new Error(`${cmd} failed:\n${stdout}${stderr}`)
}
