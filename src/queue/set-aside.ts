import type { JsMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { Connected } from './connection.js'
import type { QueueNames } from './names.js'

/**
 * Copies a message that will never be in the log to where somebody can look at it, with the reason in its headers.
 *
 * @throws when that does not work: then the message must stay where it is
 */
export async function setAside(
  { jetstream }: Connected,
  names: QueueNames,
  message: JsMsg,
  reason: unknown,
): Promise<void> {
  const partition = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1))
  const about = headers()
  about.set('Reason', String(reason instanceof Error ? reason.message : reason).replace(/\s+/g, ' '))
  about.set('Sequence', String(message.seq))
  about.set('Arrived', message.time.toISOString())
  await jetstream.publish(names.refused(partition), message.data, {
    msgID: `${names.stream} ${message.seq}`,
    headers: about,
  })
}
