import { readTokenPath } from '../../../src/links/token-path.js'
import type { ReadDocument } from '../../support/document.js'
import type { Operation } from '../../support/operations.js'
import type { Draft } from './draft.js'
import type { Exchanged } from './exchange.js'

/** What an answer has that the document does not say of the request; null when it is all there. */
export function undocumented(
  document: ReadDocument,
  operations: Operation[],
  draft: Draft,
  target: string,
  { status, headers, body }: Exchanged,
): string | null {
  const isJson = /^application\/json\b/.test(headers['content-type'] ?? '')
  const answer = {
    status,
    headers,
    isHead: draft.method === 'HEAD',
    payload: isJson ? body.toString() : body.length || '',
  }
  const problems = answeredBy(operations, draft, target).map((id) => {
    return id === null ? document.problemOfError(answer) : document.problemOf(id, answer)
  })
  return problems.includes(null) ? null : problems.join('; or ')
}

/**
 * Operations that may have answered. Where the request names another verb than its own, or a path of its own making, each that
 * has the path, signs behind a token left aside; null: an error that is none of an operation's.
 */
export function answeredBy(operations: Operation[], draft: Draft, target: string): (string | null)[] {
  const { method, prefix, tail, headers } = draft
  const isOverridden =
    draft.query.some(([name]) => name.includes('_method')) ||
    headers.some(([name]) => /method-override|transfer-encoding|content-length|expect/i.test(name)) ||
    JSON.stringify([draft.fields, draft.text]).includes('_method')
  const path = (/^[^?#\s]*/.exec(target)?.[0] ?? '').replace(/\/{2,}/g, '/').replace(/^(\/api\/v2){1,2}(?=\/)/, '')
  const there = operations.filter((one) => {
    const isOpened = one.id === 'openLink' && readTokenPath(path.slice(1)) !== null
    return isOpened || new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}/?$`).test(path)
  })
  const verb = method === 'HEAD' ? 'GET' : method
  const exact = there.find((one) => one.path === draft.path && one.method === verb)
  // What is for robots, and short URLs, are at the root alone.
  const isPlain = tail === '' && !isOverridden && (exact?.needsCaller || prefix === '')
  if (exact !== undefined && isPlain) return [exact.id]
  return [...there.map(({ id }) => id), null]
}
