import { ensureOwner } from '../../accounts/repository.js'
import type { Database } from '../../database/open.js'
import { inTransaction } from '../../database/transaction.js'
import { newContent } from '../../links/content.js'
import { placeLink } from '../links.js'
import type { Memory } from '../memory.js'

/** The number of the link that stands for a short code of another program. */
export type LinkOfCode = (code: string) => Promise<number>

/**
 * Finds the owner's links by the codes of a log, and creates those that are missing, inactive and without a target.
 *
 * @param say told when a link cannot have the code
 */
export function linksByCode(db: Database, memory: Memory, say: (line: string) => void): LinkOfCode {
  const known = new Map<string, number>()
  return async (code) => {
    const found = known.get(code)
    if (found !== undefined) return found
    const { id, notes } = await inTransaction(db, async (client) => {
      await ensureOwner(client, memory.ownerId)
      return placeLink(client, memory, {
        ...{ key: code, id: null, token: code, createdAt: null, updatedAt: null },
        content: { ...newContent, long_url: '', status: 0 },
      })
    })
    for (const note of notes) say(note)
    known.set(code, id)
    return id
  }
}
