/** The embedded database cannot be opened. The message is one line for the person at the terminal. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
}

/** The code of a system or PostgreSQL error (`ENOENT`, `57P03`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
