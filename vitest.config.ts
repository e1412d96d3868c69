import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Servers work without Redis, and so does the suite; CI has it (.ci/run). */
const hasRedis =
  Boolean(process.env.TEST_REDIS_URL) ||
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')))

const stress = 'test/**/*.stress.test.ts'
const withoutRedis = hasRedis ? [] : ['test/redis/**']

function project(name: string, include: string[], exclude: string[]): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include,
      exclude,
      setupFiles: ['test/support/answers.ts', 'test/support/leftovers.ts'],
      globalSetup: ['test/support/build.ts', 'test/support/postgres.ts'],
      pool: 'forks',
      // What is imported once in a process serves all its files; support/leftovers.ts fails a file that leaves something to the next.
      isolate: false,
      // A process that collects its garbage only when the machine is short of memory holds that of a hundred files.
      execArgv: ['--max-old-space-size=1024'],
      testTimeout: 180_000,
      // What comes comes at once, but for a machine that has others to serve.
      expect: { poll: { timeout: 150_000 } },
      hookTimeout: 240_000,
    },
  }
}

/**
 * `npm test` runs all but the stress tests: kills, models with writers, slow readers, Redis, PgBouncer, many processes. These are
 * `npm run test:stress`. Faults and the dashboard in a browser have configurations of their own, in their folders.
 */
export default defineConfig({
  test: {
    // Most of the time a test waits for a database or another process; with one file at a time the cores would wait too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project(
        'suite',
        ['test/**/*.test.ts'],
        ['test/bench/**', 'test/faults/**', 'test/dashboard/**', stress, ...withoutRedis],
      ),
      project('stress', [stress], withoutRedis),
    ],
  },
})
