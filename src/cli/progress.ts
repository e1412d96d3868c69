import { MultiBar, type SingleBar } from 'cli-progress'
import type { Terminal } from './host.js'

/** A bar on a terminal; elsewhere nothing, so that a log file holds what was said and no bars. */
export interface Progress {
  show(stage: string, done: number, total: number): void
  /** A line above the bar. */
  say(line: string): void
  stop(): void
}

/** Progress of a command, on its standard error. */
export function openProgress(stream: Terminal): Progress {
  if (!stream.isTTY) return { show: () => {}, say: (line) => stream.write(`${line}\n`), stop: () => {} }
  // Drawn again each time, because lines are written where it stands.
  const options = { stream, clearOnComplete: true, hideCursor: true, forceRedraw: true, emptyOnZero: true }
  const bars = new MultiBar({ ...options, format: '{stage} [{bar}] {percentage}%' })
  let bar: SingleBar | null = null
  let shown = ''
  return {
    show: (stage, done, total) => {
      bar ??= bars.create(total, 0, { stage })
      if (stage !== shown) bar.start(total, done, { stage })
      shown = stage
      bar.update(done, { stage })
    },
    say: (line) => stream.write(`\r\x1b[K${line}\n`),
    stop: () => {
      if (bar !== null) bars.stop()
      bar = null
    },
  }
}
