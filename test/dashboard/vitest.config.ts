import { defineConfig } from 'vitest/config'

/** What the dashboard does in a browser: needs Chromium, and `npm run build`. One file after the other, as browsers are hungry. */
export default defineConfig({
  test: {
    include: ['test/dashboard/**/*.test.ts'],
    setupFiles: ['test/support/answers.ts', 'test/support/leftovers.ts'],
    globalSetup: ['test/support/build.ts', 'test/support/postgres.ts', 'test/dashboard/chromium.ts'],
    pool: 'forks',
    isolate: false,
    fileParallelism: false,
    testTimeout: 180_000,
    // What comes comes at once, but for a machine that has others to serve.
    expect: { poll: { timeout: 150_000 } },
    hookTimeout: 240_000,
  },
})
