/** Fields of forms, whose names and values are bytes until their charset is known. */
import { readUtf8, textReader } from './charset.js'
import type { FieldErrors } from './envelope.js'
import { HttpError, invalid } from './errors.js'
import { addParameter, mostParameters, type QueryArray } from './query-string.js'

/** A field as it came: one character for each byte. */
export interface RawField {
  name: string
  value: string
  /** Of the value alone, where it is said (RFC 7578 section 4.4). */
  charset?: string | null
}

export const tooManyFields = () => new HttpError(413, `The body has more than ${mostParameters} fields.`)
export const unsupportedCharset = () => new HttpError(415, 'The charset of the body is not supported.')

/**
 * Text of the fields, under their names as PHP takes them apart. They are in the charset of the content type, else in that of the
 * field `_charset_` (https://html.spec.whatwg.org/#attr-fe-name-charset), else in UTF-8.
 *
 * @param charset of the content type
 * @throws HttpError 415 for a charset that is not supported, 422 with the names of fields that are not text of theirs
 */
export function textFields(raw: RawField[], charset: string | null): QueryArray {
  const said = raw.findLast(({ name }) => name === charsetField)?.value.trim() || null
  const label = charset ?? said ?? 'utf-8'
  const read = textReader(label)
  if (read === null && charset !== null) throw unsupportedCharset()
  if (read === null) throw invalid({ [charsetField]: [`The ${charsetField} field must be a charset such as utf-8.`] })
  const fields: QueryArray = new Map()
  const problems = new Map<string, string[]>()
  for (const field of raw) {
    if (field.name === charsetField) continue
    const name = read(bytesOf(field.name))
    const own = field.charset ?? label
    const text = field.charset == null ? read(bytesOf(field.value)) : textReader(own)?.(bytesOf(field.value))
    if (name === null) problems.set(encodedName(field.name), [`The name of this field is not valid ${shown(label)}.`])
    else if (text == null) problems.set(fieldPath(name), [`The ${name} field is not valid ${shown(own)}.`])
    else addParameter(fields, name, text)
  }
  if (problems.size > 0) throw invalid(Object.fromEntries(problems))
  return fields
}

const charsetField = '_charset_'

/** Fields of an urlencoded form. A broken escape stays as it is, as in PHP. */
export function urlencodedFields(parts: string[]): RawField[] {
  return parts.map((part) => {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    return { name: unescaped(name), value: equals < 0 ? '' : unescaped(part.slice(equals + 1)) }
  })
}

/**
 * Parameters of a query that are not UTF-8, each with its problem; null when all are.
 *
 * @param query as it was sent, without `?`
 */
export function unreadableParameters(query: string): FieldErrors | null {
  // Nothing but ASCII.
  if (!/%[89a-f]/i.test(query)) return null
  const problems = new Map<string, string[]>()
  for (const { name, value } of urlencodedFields(query.split('&'))) {
    const text = readUtf8(bytesOf(name))
    if (text === null) problems.set(encodedName(name), ['The name of this parameter is not valid UTF-8.'])
    else if (readUtf8(bytesOf(value)) === null)
      problems.set(fieldPath(text), [`The ${text} parameter is not valid UTF-8.`])
  }
  return problems.size === 0 ? null : Object.fromEntries(problems)
}

function unescaped(text: string): string {
  if (!/[+%]/.test(text)) return text
  // Byte by byte: to replace each escape by itself takes thirty times as long.
  const bytes = Buffer.allocUnsafe(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const high = code === percent ? hexDigit(text, at + 1) : -1
    const low = high < 0 ? -1 : hexDigit(text, at + 2)
    if (low >= 0) at += 2
    bytes[length++] = low >= 0 ? 16 * high + low : code === plus ? space : code
  }
  return bytes.toString('latin1', 0, length)
}

const [percent, plus, space] = [0x25, 0x2b, 0x20]

/** -1 for what is none. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

/** A field as 422 names it: `filter.title` for `filter[title]`. */
const fieldPath = (name: string) => name.replace(/\[([^[\]]+)\]/g, '.$1')

/** The name of a field, for a message. */
export const nameText = (name: string) => readUtf8(bytesOf(name)) ?? encodedName(name)

/** A name that is no text stays as a URL shows it. */
const encodedName = (name: string) =>
  name.replace(/[^\x21-\x7e]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

const shown = (charset: string) => charset.toUpperCase()
