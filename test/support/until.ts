import { vi } from 'vitest'

/** About that of a test (vitest.config.ts): what is waited for comes at once, but for a machine that has others to serve. */
const limitMs = 170_000

/** Waits until something is so, however long it takes, and returns it. */
export function until<T>(look: () => T | Promise<T>) {
  return vi.waitUntil(look, { timeout: limitMs, interval: 5 })
}
