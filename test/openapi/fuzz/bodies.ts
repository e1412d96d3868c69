import { bare } from './odd-values.js'

/** A body as it is sent: its content type, if it has one, and its bytes. */
export interface SentBody {
  type: string | null
  bytes: Buffer
}

export const formNames = ['json', 'untyped', 'text', 'curl', 'urlencoded', 'multipart'] as const

export type BodyForm = (typeof formNames)[number]

/** The same fields in every form that a body may have (docs/api-contract.md section 4), however odd they are. */
export function writeBody(form: BodyForm, fields: unknown): SentBody {
  if (form === 'urlencoded') return { type: types.urlencoded, bytes: Buffer.from(formOf(fields).map(pair).join('&')) }
  if (form === 'multipart') return { type: types.multipart, bytes: multipart(formOf(fields)) }
  return { type: types[form], bytes: Buffer.from(jsonText(fields)) }
}

const boundary = 'a-boundary'
const types = {
  json: 'application/json',
  untyped: null,
  text: 'text/plain',
  curl: 'application/x-www-form-urlencoded',
  urlencoded: 'application/x-www-form-urlencoded',
  multipart: `multipart/form-data; boundary=${boundary}`,
}

function jsonText(fields: unknown): string {
  const text = JSON.stringify(fields) ?? 'undefined'
  return text.replace(new RegExp(`"${bare}((?:[^"\\\\]|\\\\.)*)"`, 'g'), (_, inner) => JSON.parse(`"${inner}"`))
}

/** Percent-encoded with what is no text at all: half a surrogate pair is three bytes that no UTF-8 has. */
export function percentEncoded(text: string): string {
  return [...text].map((letter) => (letter.isWellFormed() ? encodeURIComponent(letter) : '%ED%A0%80')).join('')
}

const pair = ([name, value]: [string, string]) => `${percentEncoded(name)}=${percentEncoded(value)}`

function multipart(parameters: [string, string][]): Buffer {
  const part = ([name, value]: [string, string]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name.replaceAll('"', '%22')}"\r\n\r\n${value}\r\n`
  return Buffer.from(`${parameters.map(part).join('')}--${boundary}--\r\n`)
}

/** More than most routes take. A long name before each item of a long list would be a body of a gigabyte. */
const mostLetters = 2_000_000

/** The parameters of a form, up to so many letters. */
function formOf(fields: unknown): [string, string][] {
  const form: [string, string][] = []
  let letters = 0
  for (const [name, value] of parametersOf(fields)) {
    letters += name.length + value.length
    if (letters > mostLetters) break
    form.push([name, value])
  }
  return form
}

/** Names as PHP takes them apart; a form has no numbers, flags or nulls. */
function* parametersOf(value: unknown, name = ''): Generator<[string, string]> {
  if (typeof value !== 'object' || value === null) return yield [name, formText(value)]
  for (const [key, inner] of Object.entries(value)) yield* parametersOf(inner, name === '' ? key : `${name}[${key}]`)
}

function formText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return value === null ? '' : String(value)
}
