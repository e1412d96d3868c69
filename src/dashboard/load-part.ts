import type { Problem } from './api/problem.js'
import { texts } from './texts.js'

/**
 * A part of the dashboard that is fetched only when it is wanted: `loadPart(import('./qr-code.js'))`. A page that was opened before
 * an upgrade asks in vain, as the name of a part changes with its content.
 */
export async function loadPart<T>(part: Promise<T>): Promise<{ part: T } | { problem: Problem }> {
  try {
    return { part: await part }
  } catch {
    return { problem: { status: 0, message: texts.errors.partMissing, fields: {} } }
  }
}
