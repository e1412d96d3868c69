import { percentEncoded, writeBody } from './bodies.js'
import type { Draft } from './draft.js'

/** A request as it goes over the wire. */
export interface Written {
  bytes: Buffer
  target: string
  /** All that it says, for what an answer may repeat. */
  said: string
}

/**
 * @param resolve what stands for a record in a text
 * @param authorization headers and query parameters that say who asks
 */
export function writeRequest(
  draft: Draft,
  resolve: (text: string) => string,
  caller: Pick<Draft, 'headers' | 'query'>,
): Written {
  const known = resolvedIn(draft, resolve) as Draft
  const ids = [...known.ids]
  const path = known.path.replace(/\{\w+\}/g, () => percentEncoded(ids.shift() ?? ''))
  const query = [...caller.query, ...known.query].map((pair) => pair.map(percentEncoded).join('=')).join('&')
  const target = `${known.prefix}${path}${known.tail}${query === '' ? '' : '?'}${query}`
  const { type, bytes: whole } =
    known.text !== null
      ? { type: 'application/json', bytes: Buffer.from(known.text, 'latin1') }
      : known.fields === undefined
        ? { type: null, bytes: null }
        : writeBody(known.form, known.fields)
  const body = whole?.subarray(0, known.cut ?? whole.length)
  const head = [
    ...[['Connection', 'close']],
    ...(has(known, 'host') ? [] : [['Host', '127.0.0.1']]),
    ...(type === null || has(known, 'content-type') ? [] : [['Content-Type', type]]),
    ...(body === undefined ? [] : [['Content-Length', String(known.isShort ? whole?.length : body.length)]]),
    ...(has(known, 'authorization') ? [] : caller.headers),
    ...known.headers,
  ]
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const start = Buffer.from(`${known.method} ${target} HTTP/1.1\r\n${lines}\r\n`)
  return { bytes: Buffer.concat([start, body ?? Buffer.alloc(0)]), target, said: JSON.stringify(known) }
}

const has = ({ headers }: Draft, name: string) => headers.some(([one]) => one.toLowerCase() === name)

/** The same with every text in it resolved, names of fields too. */
function resolvedIn(value: unknown, resolve: (text: string) => string): unknown {
  if (typeof value === 'string') return resolve(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => resolvedIn(item, resolve))
  const object = {}
  for (const [key, inner] of Object.entries(value)) {
    const resolved = { value: resolvedIn(inner, resolve), enumerable: true, configurable: true, writable: true }
    Object.defineProperty(object, resolve(key), resolved)
  }
  return object
}
