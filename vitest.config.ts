import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Servers work without Redis, and so does the suite; CI has it (.ci/run). */
const hasRedis =
  Boolean(process.env.TEST_REDIS_URL) ||
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/faults/**', 'test/dashboard/**', ...(hasRedis ? [] : ['test/redis/**'])],
    setupFiles: ['test/support/answers.ts', 'test/support/leftovers.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/postgres.ts'],
    pool: 'forks',
    // What is imported once in a process serves all its files.
    isolate: false,
    // Most of the time a test waits for a database or another process; with one file at a time the cores would wait too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 180_000,
    // What comes comes at once, but for a machine that has others to serve.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 240_000,
  },
})
