export type MigrationErrorCode =
  /** the server cannot be reached */
  | 'P1001'
  /** the schema has tables, but no history of migrations */
  | 'P3005'
  /** a migration failed earlier and nobody has resolved it */
  | 'P3009'
  /** a migration that is to be resolved has not failed */
  | 'P3012'
  /** the folder of migrations, or the SQL file in one of them, is missing */
  | 'P3015'
  /** a migration failed now */
  | 'P3018'

/** A migration cannot be applied. `code` is the one `prisma migrate deploy` would print; the message is one line. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What to do about a migration that failed. */
export const resolveCommand = (name: string) => `smart-link migrate --resolve ${name}`

/** One line: PostgreSQL's SQLSTATE and message, or a system error's; Node wraps refused connections in an empty error. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join(', ')
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : ''
  return code + inOneLine(error.message)
}

export function inOneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}
