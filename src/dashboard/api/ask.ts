import type { SmartLink } from '../../client/index.js'
import { api, end } from '../session.js'
import { texts } from '../texts.js'
import { type Problem, problemOf, unreachable } from './problem.js'

/** What the client's calls resolve with, as far as it is looked at. */
export interface Called<T> {
  data?: T
  error?: unknown
  response: Response
}

export type Call<T> = (client: SmartLink, signal: AbortSignal) => Promise<Called<T>>

export interface Question<T> {
  call: Call<T>
  /** Everything that the call depends on. */
  key: unknown[]
}

export type Outcome<T> = { data: T; url: string } | Failure

export interface Failure {
  problem: Problem
  /** The server wants to be left alone for so long. */
  askedMs: number
}

/** One call of the API. A token that is not accepted any more ends the session. */
export async function ask<T>(call: Call<T>, signal: AbortSignal = new AbortController().signal): Promise<Outcome<T>> {
  const client = api.value
  if (client === null)
    return { problem: { status: 401, message: texts.errors.unauthenticated(''), fields: {} }, askedMs: 0 }
  try {
    const { data, error, response } = await call(client, signal)
    if (data !== undefined && response.ok) return { data, url: response.url }
    const problem = problemOf(response, error)
    if (problem.status === 401 && api.value === client) end(problem.message)
    return { problem, askedMs: 1000 * Number(response.headers.get('retry-after') ?? 0) || 0 }
  } catch (error) {
    if (signal.aborted) throw error
    return { problem: unreachable(), askedMs: 0 }
  }
}
