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

export type Outcome<T> = { data: T; url: string } | { problem: Problem }

/** One call of the API. A token that is not accepted any more ends the session. */
export async function ask<T>(call: Call<T>, signal: AbortSignal = new AbortController().signal): Promise<Outcome<T>> {
  const client = api.value
  if (client === null) return { problem: { status: 401, message: texts.errors.unauthenticated(''), fields: {} } }
  try {
    const { data, error, response } = await call(client, signal)
    if (data !== undefined && response.ok) return { data, url: response.url }
    const problem = problemOf(response, error)
    if (problem.status === 401 && api.value === client) end(problem.message)
    return { problem }
  } catch (error) {
    if (signal.aborted) throw error
    return { problem: unreachable() }
  }
}
