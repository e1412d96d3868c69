/**
 * Bodies of multipart/form-data (RFC 7578), taken apart into bytes. By hand: the usual parsers decode each part before anybody
 * can tell whether its bytes are text.
 */
import { charsetOf } from './charset.js'
import { badRequest } from './errors.js'
import { tooManyFields } from './form-fields.js'
import { mostParameters } from './query-string.js'

export interface Part {
  /** Name and content have one character for each byte. */
  name: string
  content: string
  /** Without parameters, in lower case; '' where the part names none. */
  mediaType: string
  charset: string | null
  /** null: it is no file. '': an input where no file was chosen. */
  fileName: string | null
}

const maxHeadLength = 16_384

/** @throws HttpError 400, or 413 for more parts than a form may have */
export function readParts(body: Buffer, contentType: string): Part[] {
  const boundary = parameterOf(contentType, boundaryParameter) ?? ''
  if (boundary === '') throw notMultipart()
  if (body.length === 0) return []
  const text = `\r\n${body.toString('latin1')}`
  // What stands in front of the first delimiter and behind the last one is not part of the form.
  const [, ...pieces] = text.split(`\r\n--${boundary}`, mostParameters + 3)
  const end = pieces.findIndex((piece) => piece.startsWith('--'))
  if (end > mostParameters || (end < 0 && pieces.length > mostParameters)) throw tooManyFields()
  if (end < 0) throw notMultipart()
  return pieces.slice(0, end).flatMap((piece) => partOf(piece) ?? [])
}

/** null for a part that is no field of a form. */
function partOf(piece: string): Part | null {
  const start = /^[ \t]*\r\n/.exec(piece)?.[0].length
  const end = piece.indexOf('\r\n\r\n')
  if (start === undefined || end < 0 || end > maxHeadLength) throw notMultipart()
  const headers = headersOf(piece.slice(start, end))
  const disposition = headers.get('content-disposition') ?? ''
  if (!/^form-data\s*(?:;|$)/i.test(disposition)) return null
  const contentType = headers.get('content-type') ?? ''
  return {
    name: parameterOf(disposition, nameParameter) ?? '',
    content: piece.slice(end + 4),
    mediaType: contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '',
    charset: charsetOf(contentType),
    fileName: parameterOf(disposition, fileNameParameter),
  }
}

function headersOf(head: string): Map<string, string> {
  return new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, Math.max(colon, 0)).trim().toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

const parameter = (name: string) => new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]*))`, 'i')
const boundaryParameter = parameter('boundary')
const nameParameter = parameter('name')
const fileNameParameter = parameter('filename\\*?')

function parameterOf(header: string, pattern: RegExp): string | null {
  const [, quoted, plain] = pattern.exec(header) ?? []
  return quoted?.replace(/\\(["\\])/g, '$1') ?? plain ?? null
}

const notMultipart = () => badRequest('The body is not valid multipart/form-data.')
