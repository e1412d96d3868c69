/** Not longer than so many UTF-16 units, and without half of a character at its end, which could not be stored. */
export function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')
}
