/** Rows as aligned columns under their names. */
export function table(names: string[], rows: string[][]): string {
  const lines = [names, ...rows]
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const line = (cells: string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return lines.map((cells) => line(cells).trimEnd()).join('\n')
}

/** A time to the second in UTC, or a dash. */
export function shortTime(time: Date | null): string {
  return time === null ? '-' : time.toISOString().replace(/\.\d+/, '')
}

/** A text of somebody's choosing on one line: it could move the cursor. */
export function plainText(text: string | null): string {
  return text ? text.replace(/\p{C}/gu, '?') : '-'
}
