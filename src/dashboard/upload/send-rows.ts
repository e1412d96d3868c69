import type { Recipient } from '../../client/index.js'
import type { FoundRecipient } from '../../recipient-files/rows.js'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import type { RowProblem } from './check-rows.js'

/** Most recipients that one request brings. */
export const chunkSize = 10_000

export interface Made {
  row: FoundRecipient
  recipient: Recipient
}

export interface Sent {
  /** Those who have short URLs, in the order of the file; not all where a request has failed, or the person has stopped it. */
  made: Made[]
  /** Rows that the server has refused. */
  refused: RowProblem[]
  problem?: Problem
}

/**
 * Creates recipients chunk by chunk. Repeating it does no harm: those who have a short URL keep it. Rows that the server refuses
 * are left out, and the others of their chunk are sent without them.
 *
 * @param onProgress how many are done
 */
export async function sendRows(
  linkId: number,
  wanted: FoundRecipient[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const sent: Sent = { made: [], refused: [] }
  for (let start = 0; start < wanted.length; start += chunkSize) {
    const whole = wanted.slice(start, start + chunkSize)
    for (let chunk = whole; chunk.length > 0; ) {
      const outcome = await sendChunk(linkId, chunk, signal).catch(() => null)
      if (outcome === null) return sent
      if (!('problem' in outcome)) {
        const recipients = outcome.data.data
        sent.made.push(...chunk.flatMap((row, at) => (recipients[at] ? [{ row, recipient: recipients[at] }] : [])))
        break
      }
      const refused = refusedRows(outcome.problem, chunk)
      if (refused.size === 0) return { ...sent, problem: outcome.problem }
      for (const [{ line, row }, text] of refused) sent.refused.push({ line, row, text })
      chunk = chunk.filter((row) => !refused.has(row))
    }
    onProgress(start + whole.length)
  }
  return sent
}

function sendChunk(linkId: number, chunk: FoundRecipient[], signal: AbortSignal) {
  const recipients = chunk.map(({ mobile, message_id, sent_at }) => ({ mobile, message_id, sent_at }))
  const params = { path: { id: linkId } }
  return ask((api, signal) => api.POST('/link/urls/{id}/recipients', { params, body: { recipients }, signal }), signal)
}

/** The API counts within the request; the person counts rows of the file. */
function refusedRows(problem: Problem, chunk: FoundRecipient[]): Map<FoundRecipient, string> {
  const refused = new Map<FoundRecipient, string>()
  for (const [field, [text = '']] of Object.entries(problem.fields)) {
    const row = chunk[Number(/^recipients\.(\d+)(\.|$)/.exec(field)?.[1])]
    if (row !== undefined && !refused.has(row)) refused.set(row, text)
  }
  return refused
}
