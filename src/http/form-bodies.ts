/** Forms as PHP reads them, urlencoded and in parts. */
import { bodyCharset, charsetOf, textReader } from './charset.js'
import { badRequest, HttpError, invalid } from './errors.js'
import { nameText, type RawField, textFields, tooManyFields, urlencodedFields } from './form-fields.js'
import { type Part, readParts } from './multipart.js'
import { mostParameters, type QueryArray, type QueryValue } from './query-string.js'

/** Lists in lists; objects in lists in lists. */
export const deepestNesting = 32

export const tooDeep = () => badRequest(`The body is nested more than ${deepestNesting} levels deep.`)

/** Also where a body of JSON may be longer (recipients), which is read a piece at a time. */
const longestForm = 1024 * 1024

function requireShort(body: Buffer): void {
  if (body.length > longestForm) throw new HttpError(413, 'The request body is too large.')
}

/** @throws HttpError 400, 413, 415, or 422 that names what is not text */
export function formFields(body: Buffer, contentType: string): object {
  requireShort(body)
  const { text, charset } = formText(body, charsetOf(contentType))
  const given: string[] = []
  for (const [part] of text.matchAll(/[^&]+/g)) {
    if (given.push(part) > mostParameters) throw tooManyFields()
  }
  for (const part of given) refuseNesting(part.split('=', 1)[0] ?? '')
  return fieldsOf(textFields(urlencodedFields(given), charset))
}

/** A form with one character for each byte, and the charset of these. A form in UTF-16 becomes one in UTF-8. */
function formText(body: Buffer, declared: string | null): { text: string; charset: string | null } {
  const charset = bodyCharset(body, declared)
  if (!/^utf-16/i.test(charset)) {
    const text = body.toString('latin1')
    return text.startsWith('\xef\xbb\xbf') ? { text: text.slice(3), charset } : { text, charset: declared }
  }
  const text = textReader(charset)?.(body)
  if (text == null) throw badRequest(`The body is not valid ${charset.toUpperCase()}.`)
  return { text: Buffer.from(text).toString('latin1'), charset: 'utf-8' }
}

/** @throws HttpError 400, 413, 415, or 422 that names what came as a file or is not text */
export function multipartFields(body: Buffer, contentType: string): object {
  requireShort(body)
  const fields: RawField[] = []
  const files = new Set<string>()
  for (const part of readParts(body, contentType)) {
    // Without a name of its own it is an input of a page where no file was chosen.
    if (part.fileName === '') continue
    if (part.fileName !== null) files.add(nameText(part.name))
    else {
      refuseNesting(part.name)
      fields.push(part.mediaType === 'application/json' ? jsonField(part) : rawField(part))
    }
  }
  const read = textFields(fields, charsetOf(contentType))
  if (files.size === 0) return fieldsOf(read)
  throw invalid(Object.fromEntries([...files].map((name) => [name, [`The ${name} field must be a text, not a file.`]])))
}

const rawField = ({ name, content, charset }: Part): RawField => ({ name, value: content, charset })

/** A part of JSON is a text, and must be JSON. */
function jsonField(part: Part): RawField {
  const text = textReader(part.charset ?? 'utf-8')?.(Buffer.from(part.content, 'latin1'))
  if (text == null) return rawField(part)
  try {
    const plain = JSON.stringify(JSON.parse(text))
    return { name: part.name, value: Buffer.from(plain).toString('latin1'), charset: 'utf-8' }
  } catch {
    throw badRequest('The body is not valid multipart/form-data.')
  }
}

function refuseNesting(name: string): void {
  if (name.length > deepestNesting && name.split(/\[|%5b/i).length > deepestNesting) throw tooDeep()
}

/** Fields as JSON would have them: what PHP numbers is a list. */
function fieldsOf(fields: QueryArray): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [name, value] of fields) {
    if (name === '__proto__' || (name === 'constructor' && value instanceof Map && value.has('prototype'))) {
      throw badRequest('The body has a field that is not allowed.')
    }
    object[name] = plainValue(value)
  }
  return object
}

function plainValue(value: QueryValue): unknown {
  if (!(value instanceof Map)) return value
  const isList = [...value.keys()].every((key) => /^\d+$/.test(key))
  return isList ? Array.from(value.values(), plainValue) : fieldsOf(value)
}
