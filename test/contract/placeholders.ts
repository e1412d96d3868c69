/**
 * What a case cannot know beforehand stands in its expected answer as a placeholder, such as `<instant>`. One that the case's
 * own state decides (`<token 20>`) is that value; of any other only the form is known, and the same one twice in an answer means
 * the same value.
 */

/** Forms of what only the server knows, by the first word of the placeholder. */
const forms: Record<string, string> = {
  uuid: uuidOf(7),
  /** Of what a test has stored. */
  uuid4: uuidOf(4),
  /** The second id of a visit. */
  uuid8: uuidOf(8),
  /** Of links and of recipients. */
  code: '[A-Za-z0-9]{6}',
  instant: '20\\d\\d-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:[0-5]\\d\\.\\d{6}Z',
  moment: '20\\d\\d-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:[0-5]\\d\\.\\d{3}Z',
  'wall-time': '20\\d\\d-[01]\\d-[0-3]\\d [0-2]\\d:[0-5]\\d:[0-5]\\d',
  opaque: '[A-Za-z0-9]{40}',
  jwt: '[\\w-]+\\.[\\w-]+\\.[\\w-]+',
  key: 'whsec_[A-Za-z0-9+/]{43}=',
  cursor: '[\\w.-]{20,200}',
  etag: '"[\\w-]{27}"',
  seconds: '[1-9]\\d?',
  'unix-time': '\\d{10}',
}

function uuidOf(version: number): string {
  return `[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`
}

/** Values that a case's own state decides, by placeholder. */
export type Known = Map<string, string | number>

const placeholder = new RegExp(`<((?:owner|id|token|${Object.keys(forms).join('|')})(?: [\\w ]+)?)>`)

/** A text with what is known in it. */
export function fillKnown(text: string, known: Known): string {
  return text.replace(new RegExp(placeholder, 'g'), (whole, name) => String(known.get(name) ?? whole))
}

/** The expected value with the actual one's parts in place of placeholders whose form they have; others stay, to be seen. */
export function fill(expected: unknown, actual: unknown, known: Known): unknown {
  if (typeof expected === 'string') return fillText(expected, actual, known)
  if (Array.isArray(expected)) return expected.map((item, index) => fill(item, childOf(actual, index), known))
  if (typeof expected !== 'object' || expected === null) return expected
  return Object.fromEntries(
    Object.entries(expected).map(([key, item]) => [key, fill(item, childOf(actual, key), known)]),
  )
}

function childOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined
}

function fillText(text: string, actual: unknown, known: Known): unknown {
  const [, whole] = new RegExp(`^${placeholder.source}$`).exec(text) ?? []
  const value = whole === undefined ? undefined : known.get(whole)
  if (typeof value === 'number') return value
  const filled = fillKnown(text, known)
  if (!placeholder.test(filled) || typeof actual !== 'string') return filled
  const names: string[] = []
  const pattern = filled.split(new RegExp(placeholder, 'g')).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    return names.includes(part)
      ? `\\${names.indexOf(part) + 1}`
      : `(${forms[names[names.push(part) - 1]?.split(' ')[0] ?? '']})`
  })
  const match = new RegExp(`^${pattern.join('')}$`, 's').exec(actual)
  if (match === null) return filled
  for (const [index, name] of names.entries()) known.set(name, match[index + 1] ?? '')
  return actual
}
