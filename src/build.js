// Plain JavaScript, because it runs before anything is built: `npm run demo`, `npm start` and the tests make with it what is missing
// of the build or older than its source.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))
const settings = ['package-lock.json', 'tsconfig.json']

/**
 * What `npm run build` does, in its order: the script of package.json, what it is called, what it reads, and a file that it writes.
 *
 * @type {{ script: string, title: string, inputs: string[], output: string }[]}
 */
const parts = [
  {
    script: 'build:prisma',
    title: 'the database client',
    inputs: ['prisma/schema.prisma'],
    output: 'src/database/prisma/client.ts',
  },
  {
    script: 'build:server',
    title: 'the server',
    inputs: ['src', 'prisma/schema.prisma', ...settings],
    output: 'dist/cli/main.js',
  },
  {
    script: 'build:client',
    title: 'the typed client',
    inputs: ['src/client', ...settings],
    output: 'dist/client/index.js',
  },
  {
    script: 'build:dashboard',
    title: 'the dashboard',
    // All folders that the dashboard may import from (architecture.test.ts).
    inputs: ['src/dashboard', 'src/client', 'src/csv', 'src/recipient-files', ...settings],
    output: 'dist/dashboard/index.html',
  },
]

/** The folders that only a part of its own is made of. */
const ownParts = ['src/dashboard', 'src/client', 'src/database/prisma'].map((folder) => join(root, folder))

/**
 * Makes the parts of the build that are missing or older than their source.
 *
 * @param {(line: string) => void} [log] receives a line before each part
 * @throws {Error} with the output of the script that failed, or what to install
 */
export async function buildOutdated(log = () => {}) {
  for (const { script, title, inputs, output } of parts) {
    const file = join(root, output)
    if (timeOf(file) >= newestOf(inputs)) continue
    if (!existsSync(join(root, 'node_modules/typescript'))) {
      throw new Error(`Smart Link must be built, and what builds it is not installed: run npm install in ${root}`)
    }
    log(`Building ${title} …`)
    await promisify(execFile)('npm', ['run', script], { cwd: root, shell: process.platform === 'win32' }).catch(
      ({ stdout, stderr }) => {
        throw new Error(`npm run ${script} failed:\n${stdout}${stderr}`)
      },
    )
    // The compiler leaves a file as it is whose content has not changed.
    const now = new Date()
    utimesSync(file, now, now)
  }
}

/** @param {string[]} inputs */
function newestOf(inputs) {
  return Math.max(...inputs.map((input) => newestIn(join(root, input), input === 'src' ? ownParts : [])))
}

/**
 * Time of the newest file or folder there: a folder is changed when a file in it is removed.
 *
 * @param {string} path
 * @param {string[]} [except]
 * @returns {number} in milliseconds, 0 where there is nothing
 */
export function newestIn(path, except = []) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0
  const inner = readdirSync(path).map((name) => join(path, name))
  const times = inner.filter((file) => !except.includes(file)).map((file) => newestIn(file, except))
  return Math.max(stats.mtimeMs, ...times)
}

/**
 * @param {string} path
 * @returns {number} in milliseconds, 0 where there is nothing
 */
export function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildOutdated(console.log).catch((error) => {
    console.error(error.message)
    process.exitCode = 1
  })
}
