import { setTimeout as wait } from 'node:timers/promises'

/** Below the limit of a test and of a hook (vitest.config.ts): only what hangs is given up on, as a busy machine takes its time. */
const limitMs = 240_000

/** Waits until something is so. @throws with what failed, when it never is */
export async function until(look: () => Promise<boolean>, failure: string): Promise<void> {
  const giveUpAt = Date.now() + limitMs
  while (!(await look())) {
    if (Date.now() > giveUpAt) throw new Error(failure)
    await wait(50)
  }
}
