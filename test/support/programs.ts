import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The command line as it is shipped; `build.ts` makes it before a run where it is missing or older than its source. */
export const commandLine = join(root, 'dist/cli/main.js')

/**
 * TypeScript files of the tests that run as processes of their own, or are preloaded into one. They are compiled once a run, and
 * what they import from `src` is the build: a process that compiles for itself takes a second of processor time.
 */
export const programs = {
  'answers-of-process': 'test/support/answers-of-process.ts',
  'never-busy': 'test/support/never-busy.ts',
  'visit-writer': 'test/support/visit-writer.ts',
  'embedded-process': 'test/database/embedded-process.ts',
}

export const programFolder = join(root, 'node_modules/.cache/smart-link-test')

/** Path of a compiled program. */
export const programFile = (name: keyof typeof programs) => join(programFolder, `${name}.js`)
