import { ensureOwner } from '../../accounts/repository.js'
import { statement } from '../../database/open.js'
import { inTransaction } from '../../database/transaction.js'
import { foreignMobile } from '../../recipients/given-mobile.js'
import { settleRecipients } from '../../recipients/repository.js'
import { instantOf } from '../../visits/files/wall-time.js'
import { type Reached, readReached, writeReached } from '../memory.js'
import { checked, pageAnswer, recipientRow } from './answers.js'
import type { Copy } from './copy.js'
import { type CopiedLink, type CopiedLinks, perPage } from './links.js'
import { LostPlace, oldestFirst } from './page-walk.js'

type SourceRecipient = ReturnType<typeof readRecipient>

const storedAtOnce = 2000

/** The people that tracked links were sent to, also those who have not opened them yet: their codes go on working. */
export async function copyRecipients(copy: Copy, links: CopiedLinks): Promise<void> {
  for (const link of links.values()) {
    if (link.isTracked && link.id !== null) await copyRecipientsOf(copy, link, link.id)
  }
}

async function copyRecipientsOf(copy: Copy, { sourceId }: CopiedLink, linkId: number): Promise<void> {
  const { db, memory, source, signal } = copy
  const key = `${sourceId} recipients`
  const readPage = async (page: number) => {
    const answer = await source.get(`link/urls/${sourceId}/recipients`, { per_page: perPage, page })
    const { data, meta } = checked(pageAnswer, answer, 'recipients of a link')
    const rows = data.map((row) => checked(recipientRow, row, 'recipients of a link'))
    return { rows: rows.map((row) => readRecipient(row, copy.zone)), perPage: meta.per_page, total: meta.total }
  }
  const walk = async (start: Reached) => {
    for await (const { rows, reached } of oldestFirst(readPage, start, storedAtOnce)) {
      signal.throwIfAborted()
      const hidden = rows.filter(({ isHidden }) => isHidden)
      for (const { id } of hidden) {
        copy.refuse(
          `recipient ${id} of link ${sourceId}`,
          'its token is hidden from an access token without visits:pii',
        )
      }
      const people = rows.filter(({ isErased, isHidden }) => !isErased && !isHidden)
      await storeRecipients(copy, linkId, people)
      // With another access token they are to be had.
      if (hidden.length === 0) await writeReached(db, memory, key, reached)
    }
  }
  const start = await readReached(db, memory, key)
  await walk(start).catch((error: unknown) => {
    // The last one that was copied has been erased there.
    if (!(error instanceof LostPlace) || start.anchor === null) throw error
    return walk({ anchor: null, copied: 0 })
  })
}

function readRecipient(
  row: Record<'token' | 'message_id' | 'mobile' | 'sent_at' | 'created_at', string | null> & {
    id?: number | string | undefined
  },
  zone: string,
) {
  const { token, message_id: messageId, mobile: given } = row
  const read = given === null ? { mobile: null } : foreignMobile(given)
  const mobile = 'mobile' in read ? read.mobile || null : given
  const time = (text: string | null) => (text === null ? null : instantOf(text, zone))
  // Of who was erased, the number is gone as well.
  const isHidden = token === null && mobile !== null
  const names = { id: token ?? (isHidden ? `${row.id}` : `erased ${row.id}`), isErased: token === null, isHidden }
  return { ...names, messageId, mobile, sentAt: time(row.sent_at), createdAt: time(row.created_at) }
}

async function storeRecipients(copy: Copy, linkId: number, recipients: SourceRecipient[]): Promise<void> {
  const { ownerId } = copy.memory
  await inTransaction(
    copy.db,
    async (client) => {
      await ensureOwner(client, ownerId)
      const claims = recipients.map(({ id: token, messageId, mobile }) => ({ linkId, token, messageId, mobile }))
      const settled = await settleRecipients(client, ownerId, claims, copy.rule)
      for (const [index, outcome] of settled.entries()) {
        if (typeof outcome === 'string') copy.refuse(`recipient ${recipients[index]?.id}`, outcome)
      }
      await client.query(setTimes([ownerId, linkId, JSON.stringify(recipients)]))
    },
    copy.signal,
  )
}

const setTimes = statement(`
UPDATE recipients r SET sent_at = coalesce(r.sent_at, t."sentAt"), created_at = least(r.created_at, t."createdAt")
FROM json_to_recordset($3::json) AS t (id text, "sentAt" timestamptz, "createdAt" timestamptz)
WHERE r.user_id = $1 AND r.link_id = $2 AND r.token = t.id`)
