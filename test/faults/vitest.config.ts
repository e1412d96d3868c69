import { defineConfig } from 'vitest/config'

/** `npm run test:faults`: apart from `npm test`, because it takes minutes and freezes and kills processes. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})
