/** `warn` is for what works and may not be what was meant; `fail` for what has to be mended. */
export type Level = 'ok' | 'warn' | 'fail'

/** One line of the doctor's report. */
export interface Finding {
  level: Level
  /** What was looked at, in a word. */
  topic: string
  text: string
}

/** Findings of one topic: all that is wrong, or that it is well. */
export function findings(topic: string, wrong: Omit<Finding, 'topic'>[], well: string): Finding[] {
  if (wrong.length === 0) return [{ level: 'ok', topic, text: well }]
  return wrong.map((finding) => ({ topic, ...finding }))
}
