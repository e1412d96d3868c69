import type { Recipient } from '../../client/index.js'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import type { Wanted } from './check-rows.js'

/** Most recipients that one request brings. */
export const chunkSize = 10_000

export interface Sent {
  /** One for each that was wanted, in that order; fewer where a request has failed, or the person has stopped it. */
  made: Recipient[]
  problem?: Problem
}

/**
 * Creates recipients chunk by chunk. Repeating it does no harm: those who have a short URL keep it.
 *
 * @param onProgress how many are done
 */
export async function sendRows(
  linkId: number,
  wanted: Wanted[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const made: Recipient[] = []
  while (made.length < wanted.length) {
    const chunk = wanted.slice(made.length, made.length + chunkSize)
    const recipients = chunk.map(({ mobile, message_id, sent_at }) => ({ mobile, message_id, sent_at }))
    const params = { path: { id: linkId } }
    const call = ask(
      (api, signal) => api.POST('/link/urls/{id}/recipients', { params, body: { recipients }, signal }),
      signal,
    )
    const outcome = await call.catch(() => null)
    if (outcome === null) return { made }
    if ('problem' in outcome) return { made, problem: withRows(outcome.problem, chunk) }
    made.push(...outcome.data.data)
    onProgress(made.length)
  }
  return { made }
}

/** The API counts within the request; the person counts rows of the file. */
function withRows(problem: Problem, chunk: Wanted[]): Problem {
  const [first] = Object.entries(problem.fields).flatMap(([field, [text = '']]) => {
    const row = chunk[Number(/^recipients\.(\d+)\./.exec(field)?.[1])]?.row
    return row === undefined ? [] : [texts.upload.inRow(row.number, text)]
  })
  return first === undefined ? problem : { ...problem, message: first }
}
