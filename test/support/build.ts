import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'vite'
import { commandLine, programFile, programFolder, programs } from './programs.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const source = join(root, 'src')
const output = join(root, 'dist')
/** Made by the build, from the schema. */
const generated = join(source, 'database/prisma')

/** A global set-up of vitest: one build for the whole run, so that what is shipped is what is tested. Fails where it fails. */
export default async function setup(): Promise<void> {
  if (isBuildOutdated()) await promisify(execFile)('npm', ['run', 'build'], { cwd: root }).catch(failWithOutput)
  if (!arePrograms()) await buildPrograms()
}

/** The last thing that `npm run build` writes is the dashboard's page: its time is the time of the build. */
function isBuildOutdated(): boolean {
  const inputs = ['prisma/schema.prisma', 'package-lock.json', 'tsconfig.json'].map((file) => timeOf(join(root, file)))
  return (
    !existsSync(commandLine) || Math.max(newestIn(source), ...inputs) > timeOf(join(output, 'dashboard/index.html'))
  )
}

function arePrograms(): boolean {
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
  return { id: pathToFileURL(join(output, relative(source, file))).href, external: true }
}

/** Time of the newest file or folder below: a folder is changed when a file in it is removed. */
function newestIn(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => join(folder, entry.name) !== generated)
  const times = entries.map((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? newestIn(path) : timeOf(path)
  })
  return Math.max(timeOf(folder), ...times)
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function failWithOutput({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }): never {
  throw new Error(`npm run build failed:\n${stdout}${stderr}`)
}
