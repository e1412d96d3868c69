import { type Caller, may } from '../accounts/scopes.js'
import { forbidden } from '../http/errors.js'
import { nothingShown, type Read } from './read.js'
import type { Reads } from './reads.js'

/**
 * Refuses whoever asks by a number without being allowed to see numbers, and notes it.
 *
 * @param read with the names of the filters
 * @throws HttpError 403
 */
export function requireNumbers(
  reads: Pick<Reads, 'note'>,
  request: { caller: Caller; method: string },
  read: Read,
): void {
  if (!read.filters.includes('mobile') || may(request.caller, 'visits:pii')) return
  reads.note(request, read, nothingShown)
  throw forbidden('visits:pii')
}
