/** Where capture says what went wrong. Fields hold counts, file names and errors, nothing of a visitor. */
export interface CaptureLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Keeps what is said until there is a log: the spool opens before the app whose log it uses. */
export function heldLog(): CaptureLog & { release(log: CaptureLog): void } {
  let target: CaptureLog | null = null
  const held: ((log: CaptureLog) => void)[] = []
  const say = (line: (log: CaptureLog) => void) => {
    if (target) line(target)
    else held.push(line)
  }
  return {
    info: (fields, message) => say((log) => log.info(fields, message)),
    warn: (fields, message) => say((log) => log.warn(fields, message)),
    error: (fields, message) => say((log) => log.error(fields, message)),
    release(log) {
      target = log
      for (const line of held.splice(0)) line(log)
    },
  }
}
