/** The same fields in every form that a body may have (docs/api-contract.md section 4). */

type Fields = Record<string, unknown>

export interface SentBody {
  headers: Record<string, string>
  payload: string
}

const boundary = 'a boundary of the test suite'

/** By a name for the titles of tests. */
export const bodyForms: Record<string, (fields: Fields) => SentBody> = {
  JSON: (fields) => ({ headers: { 'content-type': 'application/json' }, payload: JSON.stringify(fields) }),
  'JSON with a charset': (fields) => ({
    headers: { 'content-type': 'Application/JSON; charset=UTF-8' },
    payload: ` \n${JSON.stringify(fields, null, 2)}\n`,
  }),
  'JSON without a content type': (fields) => ({ headers: {}, payload: JSON.stringify(fields) }),
  'JSON as text': (fields) => ({ headers: { 'content-type': 'text/plain' }, payload: JSON.stringify(fields) }),
  'JSON as curl -d sends it': (fields) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: JSON.stringify(fields),
  }),
  'a form': (fields) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: parametersOf(fields)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&'),
  }),
  'a multipart form': (fields) => multipart(parametersOf(fields).map(([name, value]) => part(`name="${name}"`, value))),
}

export function part(disposition: string, content: string, headers = ''): string {
  return `Content-Disposition: form-data; ${disposition}\r\n${headers}\r\n${content}`
}

export function multipart(parts: string[]): SentBody {
  const pieces = parts.map((one) => `--${boundary}\r\n${one}\r\n`)
  return {
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
    payload: `${pieces.join('')}--${boundary}--\r\n`,
  }
}

/** Names as PHP takes them apart; a form has no numbers, flags or nulls. */
function parametersOf(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, text(value)]]
  return Object.entries(value).flatMap(([key, inner]) => parametersOf(inner, name === '' ? key : `${name}[${key}]`))
}

function text(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return value === null ? '' : String(value)
}
