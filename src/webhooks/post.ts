import http, { type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { MayPost } from './addresses.js'
import type { LookUp } from './names.js'
import type { PostTarget } from './uri.js'

/** An answer; its body is thrown away. */
export interface Answer {
  status: number
  retryAfter: string | undefined
}

export interface Poster {
  /** @throws when there is no answer; `reasonOf` says why in words that may be shown */
  post(target: PostTarget, headers: Record<string, string>, body: string): Promise<Answer>
  close(): void
}

export interface PosterOptions {
  mayPost: MayPost
  lookUp: LookUp
}

/** From the look-up of the name to the last byte of the answer. */
const timeoutMs = 3000

/** Most of an answer that is read. */
const longestAnswer = 65_536

const idleMs = 10_000

/**
 * Posts to where it may. The address is checked when a connection is made, and it is the one that is connected to: a name that
 * stood for a public address when it was checked, and for a private one a moment later, gets nowhere. Redirects are not
 * followed.
 */
export function openPoster({ mayPost, lookUp }: PosterOptions): Poster {
  const lookup: LookupFunction = (name, { all }, done) => {
    lookUp(name).then(
      (addresses) => {
        const allowed = addresses.filter(mayPost).map((address) => ({ address, family: isIP(address) }))
        const [first] = allowed
        if (first === undefined) done(notAllowed(), '')
        else if (all) done(null, allowed)
        else done(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => done(error, ''),
    )
  }
  const options = { keepAlive: true, timeout: idleMs, lookup }
  const agents = { http: new http.Agent(options), https: new https.Agent(options) }

  return {
    async post({ isSecure, host, port, path }, headers, body) {
      // Of an address nothing is looked up.
      if (isIP(host) !== 0 && !mayPost(host)) throw notAllowed()
      const agent = isSecure ? agents.https : agents.http
      const request = { agent, host, port, path, method: 'POST', headers, protocol: isSecure ? 'https:' : 'http:' }
      const giveUpAt = performance.now() + timeoutMs
      return exchange(request, body, timeoutMs).catch((error: unknown) => {
        // The receiver had closed the idle connection: that says nothing of this request.
        if (!isStale(error)) throw error
        return exchange({ ...request, agent: false, lookup }, body, giveUpAt - performance.now())
      })
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

function exchange(options: RequestOptions, body: string, waitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (options.protocol === 'https:' ? https : http).request(options)
    const timer = setTimeout(() => request.destroy(problem('ETIMEDOUT')), waitMs)
    let answer: Answer | null = null
    // The status has said it all: whether the rest comes whole does not matter.
    const end = (error: unknown) => {
      clearTimeout(timer)
      if (answer === null) reject(error)
      else resolve(answer)
    }
    request.on('response', (response) => {
      answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > longestAnswer) request.destroy()
      })
      response.on('error', end)
      response.on('close', end)
    })
    request.on('error', (error) => end(Object.assign(error, { isStale: request.reusedSocket && isReset(error) })))
    request.on('close', () => end(problem('ECONNRESET')))
    request.end(body)
  })
}

const problem = (code: string) => Object.assign(new Error(code), { code })

const notAllowed = () => problem('EADDRNOTALLOWED')

const isReset = ({ code }: NodeJS.ErrnoException) => code === 'ECONNRESET' || code === 'EPIPE'

function isStale(error: unknown): boolean {
  return error instanceof Error && (error as { isStale?: boolean }).isStale === true
}

const reasons: Record<string, string> = {
  EADDRNOTALLOWED: 'The address is not allowed.',
  ETIMEDOUT: `No answer within ${timeoutMs / 1000} seconds.`,
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was closed.',
  EPIPE: 'The connection was closed.',
  ENOTFOUND: 'The host was not found.',
  ENODATA: 'The host was not found.',
  EHOSTUNREACH: 'The host cannot be reached.',
  ENETUNREACH: 'The host cannot be reached.',
}

/** Why there was no answer. Only words of ours: an error's own text may quote the address. */
export function reasonOf(error: unknown): string {
  const { code = '', errors } = error as { code?: string; errors?: { code?: string }[] }
  const known = code || errors?.[0]?.code || ''
  if (known in reasons) return reasons[known] ?? ''
  if (/CERT|TLS|SSL|SIGNED|ISSUER|EPROTO/.test(known)) return `No secure connection could be made (${known}).`
  return known.startsWith('HPE_') ? 'The answer was no valid HTTP.' : 'The request failed.'
}
