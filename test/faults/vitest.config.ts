import { defineConfig } from 'vitest/config'

/** `npm run test:faults`: apart from `npm test`, because it takes minutes and freezes and kills processes. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    // What comes comes at once, but for a machine that has others to serve.
    expect: { poll: { timeout: 150_000 } },
    hookTimeout: 300_000,
  },
})
