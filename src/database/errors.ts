/** What a failed statement means for the caller, by PostgreSQL's SQLSTATE or the socket's error code. */

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
])
/**
 * Connection exceptions, a login that is refused or a database that is gone, resources that are used up (connections, memory, disk), the
 * server's shutdown, crash and start-up, its disk, a transaction that stood still for too long, and a database that is read-only.
 */
const awayStates = /^(08...|28...|3D000|53...|57P0[1235]|25P0[34]|58030|25006)$/
const awayTexts =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|server closed the connection/i

/** The database cannot be reached, refuses connections for now, or takes no writes for now. */
export function isDatabaseAway(error: unknown): boolean {
  return chain(error).some(
    ({ code, originalCode, message }) =>
      socketCodes.has(code ?? '') || awayStates.test(originalCode ?? code ?? '') || awayTexts.test(message ?? ''),
  )
}

/** Nothing can be written: a standby, or a database that somebody has made so. */
export function isReadOnly(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '25006')
}

/** The statement ran into its time limit. */
export function isStatementTimeout(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '57014')
}

/** The statement has waited for somebody else's lock for as long as it may. */
export function isLockTimeout(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '55P03')
}

/** The database answers that it has no room for another connection. */
export function isDatabaseFull(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '53300')
}

/** Two transactions were in each other's way, such as in a deadlock: another try may succeed. */
export function isConflict(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => /^40...$/.test(originalCode ?? code ?? ''))
}

/** A unique key refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '23505')
}

/** A row refers to another that does not exist. */
export function isForeignKeyViolation(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => (originalCode ?? code) === '23503')
}

/** The values themselves are refused (data exception, integrity, a limit of PostgreSQL): another try would fail as well. */
export function isRefusedData(error: unknown): boolean {
  return chain(error).some(({ code, originalCode }) => /^(22|23|54)...$/.test(originalCode ?? code ?? ''))
}

interface Cause {
  code?: string
  originalCode?: string
  message?: string
  cause?: unknown
}

/** The error and its causes: Prisma wraps what the driver threw. */
function chain(error: unknown): Cause[] {
  const links: Cause[] = []
  for (let at = error; at instanceof Object && links.length < 8; at = (at as Cause).cause) {
    links.push(at as Cause)
    if (at instanceof AggregateError) links.push(...(at.errors as Cause[]))
  }
  return links
}
