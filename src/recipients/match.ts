import { mapInStretches } from '../event-loop.js'
import type { FieldErrors } from '../http/envelope.js'
import { maskedMobile } from './masked.js'
import type { MobileRule } from './mobile.js'
import type { Recipient } from './recipient.js'

/** A person that a sender wants a token for. */
export interface WantedRecipient {
  mobile: string
  messageId: string | null
  sentAt: Date | null
}

export interface Matching {
  /** One for each that was wanted, in that order; the same one where two are the same person. New ones lack id and token. */
  recipients: Recipient[]
  created: Set<Recipient>
  changed: Set<Recipient>
  errors: FieldErrors
}

/** Nobody reads more. */
const mostProblems = 100

/**
 * Who is who: a message id names one recipient of a link; without one, a number does, among the recipients without a message
 * id. So a request may be repeated, and a person who gets two messages with the link has two tokens.
 *
 * What the sender has learned meanwhile is taken over: a time of sending, a number that was not known. Another number than the
 * one known for the message is a mistake, and named; another spelling of it is not, and the first one stays.
 *
 * A sender who may not see numbers does not learn any by guessing either: what is known of a message stays whatever they say of its
 * number, and is answered alike.
 *
 * @param known in the order of their ids: of several with one number the first is taken. Without a message, only those whose number
 *   the sender may know
 * @param keys of the numbers that are wanted
 * @param sender who may not see numbers; null: who may
 */
export async function matchRecipients(
  known: Recipient[],
  wanted: WantedRecipient[],
  keys: string[],
  createdAt: Date,
  { isMaskOf }: MobileRule,
  sender: string | null,
): Promise<Matching> {
  const byKey = new Map<string, Recipient>()
  for (const recipient of known) {
    const key = keyOf(recipient.messageId, recipient.mobileKey)
    if (!byKey.has(key)) byKey.set(key, recipient)
  }
  const matching: Matching = { recipients: [], created: new Set(), changed: new Set(), errors: {} }
  let problems = 0
  await mapInStretches(wanted, (want, index) => {
    if (problems >= mostProblems) return
    const mobileKey = keys[index] ?? ''
    const key = keyOf(want.messageId, mobileKey)
    const recipient = byKey.get(key)
    if (recipient === undefined) {
      const fresh = newRecipient(want, mobileKey, sender, createdAt)
      byKey.set(key, fresh)
      matching.created.add(fresh)
      matching.recipients.push(fresh)
      return
    }
    const { mobile } = recipient
    const isHidden = sender !== null && !matching.created.has(recipient)
    // Imported visits may have told of a number without its last digits.
    const isCompleted =
      mobile !== null && isMaskOf(mobile, want.mobile) && (!isHidden || mobile === maskedMobile(mobile))
    const isOther = mobile !== null && recipient.mobileKey !== mobileKey && !isCompleted
    if (isOther && !isHidden) {
      problems += 1
      matching.errors[`recipients.${index}.message_id`] = ['The message_id field names a message to another number.']
    }
    if (
      takeOver(recipient, want, isOther ? recipient.mobileKey : mobileKey, sender) &&
      !matching.created.has(recipient)
    )
      matching.changed.add(recipient)
    matching.recipients.push(recipient)
  })
  return matching
}

function keyOf(messageId: string | null, mobileKey: string | null): string {
  return messageId === null ? `mobile ${mobileKey}` : `message ${messageId}`
}

/** @returns whether anything is new */
function takeOver(
  recipient: Recipient,
  { mobile, sentAt }: WantedRecipient,
  mobileKey: string | null,
  sender: string | null,
): boolean {
  const isNewNumber = recipient.mobileKey !== mobileKey
  const isNewTime = sentAt !== null && sentAt.getTime() !== recipient.sentAt?.getTime()
  if (isNewNumber) Object.assign(recipient, { mobile, mobileKey, sender })
  if (isNewTime) recipient.sentAt = sentAt
  return isNewNumber || isNewTime
}

function newRecipient(
  { mobile, messageId, sentAt }: WantedRecipient,
  mobileKey: string,
  sender: string | null,
  createdAt: Date,
): Recipient {
  const unvisited = { visits: 0, humanVisits: 0, firstVisit: null, lastVisit: null }
  return { id: 0, token: '', messageId, mobile, mobileKey, sender, sentAt, ...unvisited, createdAt }
}
