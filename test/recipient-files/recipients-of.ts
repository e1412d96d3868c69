import type { Columns } from '../../src/recipient-files/fields.js'
import { openRecipientFile } from '../../src/recipient-files/open.js'
import { recipientReader } from '../../src/recipient-files/rows.js'
import { inChunks } from '../support/text-file.js'

const now = new Date('2026-11-30T12:00:00Z')

/** What is read from a file as it is guessed: numbers, and what is said of lines. */
export async function recipientsOf(content: Buffer | string, columns: Partial<Columns> = {}) {
  const file = await openRecipientFile(inChunks(content), {}, now)
  const read = recipientReader({ ...file, columns: { ...file.columns, ...columns } })
  const recipients: { mobile: string; message_id: string | null; sent_at: string | null }[] = []
  const said: string[] = []
  for await (const record of file.records) {
    const found = read(record)
    if (found === null) continue
    if ('reason' in found) said.push(`line ${found.line}: ${found.reason}`)
    else recipients.push({ mobile: found.mobile, message_id: found.message_id, sent_at: found.sent_at })
    if ('note' in found && found.note !== null) said.push(`note on line ${found.line}: ${found.note}`)
  }
  return { file, recipients, mobiles: recipients.map(({ mobile }) => mobile), said }
}

/** The names of the columns that are guessed. */
export async function guessOf(content: Buffer | string) {
  const { file } = await recipientsOf(content)
  const { names, columns } = file
  const named = Object.entries(columns).filter(([, at]) => at !== null)
  return Object.fromEntries(named.map(([field, at]) => [field, names[at as number]]))
}
