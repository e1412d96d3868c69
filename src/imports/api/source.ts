import { readUtf8 } from '../../http/charset.js'
import { type Clock, openPace, wallClock } from './pace.js'

/** Another server's API, asked politely. */
export interface Source {
  /** Where it is, without a slash at the end. */
  address: string
  /** The JSON of an answer. @throws SourceError */
  get(path: string, query?: Record<string, string | number>): Promise<unknown>
}

export interface SourceOptions {
  /** As `sourceAddress` gives it. */
  address: string
  token: string
  /** Most requests a minute. */
  perMinute: number
  signal: AbortSignal
  /** Told when there is something to wait for. */
  say: (line: string) => void
  clock?: Clock
}

/** The other server does not give what is needed; one line, without secrets. */
export class SourceError extends Error {
  constructor(
    message: string,
    /** Of the answer; null when there was none. */
    readonly status: number | null = null,
  ) {
    super(message)
  }
}

const timeoutMs = 60_000
const largestAnswer = 64 * 1024 * 1024
const mostAttempts = 10
const firstBackoffMs = 1_000
const longestBackoffMs = 60_000
/** Of a limit that does not say when to come back: Laravel's are of a minute. */
const limitRestMs = 60_000
const longestRestMs = 3_600_000

/**
 * The address of an API as a person writes it, in one spelling.
 *
 * @throws SourceError when it is no plain http or https address: a token has no place in it
 */
export function sourceAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SourceError('The endpoint must be an http or https address such as https://example.com/api/v2/.')
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new SourceError('The endpoint must be an address without credentials, query and fragment.')
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Requests go one after the other; what may pass by itself is tried again, for about ten minutes. */
export function openSource(options: SourceOptions): Source {
  const { address, token, perMinute, signal, say, clock = wallClock } = options
  const pace = openPace(perMinute, signal, clock)
  const origin = new URL(address).origin
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'smart-link import' }

  async function attempt(url: string): Promise<Outcome> {
    await pace.turn()
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const response = await fetch(url, { headers, redirect: 'manual', signal: limit })
      pace.heed(response.headers)
      const bytes = await readBytes(response)
      if (response.ok) return { value: parsed(response, bytes, origin) }
      return refused(response, bytes.toString(), origin, token)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof SourceError) throw error
      return { problem: `${origin} cannot be reached (${reasonOf(error)})`, restMs: null, status: null }
    }
  }

  return {
    address,
    async get(path, query = {}) {
      const url = new URL(`${address}/${path}`)
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
      for (let nth = 1; ; nth++) {
        const outcome = await attempt(url.href)
        if ('value' in outcome) return outcome.value
        const { problem, restMs, status } = outcome
        if (nth === mostAttempts) throw new SourceError(`${problem}, ${nth} times in a row`, status)
        const wait = restMs ?? backoffMs(nth)
        if (wait > longestRestMs) throw new SourceError(`${problem}, for ${Math.ceil(wait / 60_000)} minutes`, status)
        if (wait >= 5_000) say(`${problem}; going on in ${Math.ceil(wait / 1000)} s`)
        pace.rest(wait)
      }
    },
  }
}

/** What a server that does not know the request answers is nothing; that the token is no good is something. */
export async function unlessMissing(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (error instanceof SourceError && [400, 404, 405, 410, 422, 501].includes(error.status ?? 0)) return null
    throw error
  })
}

type Outcome = { value: unknown } | { problem: string; restMs: number | null; status: number | null }

async function readBytes(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength
    if (length > largestAnswer) throw new SourceError(`An answer has more than ${largestAnswer} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

function parsed(response: Response, bytes: Buffer, origin: string): unknown {
  const text = readUtf8(bytes)
  if (text === null) throw new SourceError(`${origin} answers with text that is not UTF-8.`, response.status)
  try {
    return JSON.parse(text)
  } catch {
    const type = response.headers.get('content-type')?.split(';')[0] ?? 'nothing'
    throw new SourceError(`${origin} answers with ${type} instead of JSON: is the endpoint right?`, response.status)
  }
}

const passing = new Set([408, 425, 500, 502, 503, 504])

/** @throws SourceError when asking again would not help */
function refused(response: Response, text: string, origin: string, token: string): Outcome {
  const { status } = response
  const rest = retryAfterMs(response.headers.get('retry-after'))
  if (status === 429) return { problem: `${origin} asks for a rest (429)`, restMs: rest ?? limitRestMs, status }
  if (passing.has(status)) return { problem: `${origin} answers ${status}`, restMs: rest, status }
  const target = response.headers.get('location') ?? ''
  if (status < 400 && URL.canParse(target, response.url))
    throw new SourceError(`${origin} leads to ${new URL(target, response.url).origin}: give that address.`, status)
  throw new SourceError(`${origin} answers ${status}${said(text, token)}`, status)
}

/** The message of a failure, made harmless: it goes to a terminal and into logs. */
function said(text: string, token: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.){1,500})"/.exec(text)?.[1] ?? ''
  const plain = message.replaceAll(token, '***').replace(/\p{C}/gu, ' ').trim().slice(0, 200)
  return plain === '' ? '' : `: ${plain}`
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(date - Date.now(), 0)
}

function backoffMs(nth: number): number {
  return Math.min(firstBackoffMs * 2 ** (nth - 1), longestBackoffMs) * (0.5 + Math.random() / 2)
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } }
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  return cause?.code ?? message
}
