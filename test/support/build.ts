import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'
import { buildOutdated, newestIn, timeOf } from '../../src/build.js'
import { programFile, programFolder, programs } from './programs.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const source = join(root, 'src')

/**
 * A global set-up of vitest: makes what is missing of the build or older than its source, once for the whole run, so that what is
 * shipped is what is tested.
 *
 * @throws with the output of the script that failed
 */
export default async function setup(): Promise<void> {
  await buildOutdated(console.log)
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
