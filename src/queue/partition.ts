import { AckPolicy, DeliverPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Connected } from './connection.js'
import { ackWaitMs, watchFirst } from './left-behind.js'
import type { QueueNames } from './names.js'

export interface PartitionReader {
  /** Settles when it reads no more, whatever ended it. */
  closed: Promise<unknown>
  /** How many messages were received and not done with. */
  unfinished(): number
  /** The message is in the log, or set aside: it leaves the queue. */
  finish(message: JsMsg): void
  /** Receives no more; what was received can still be finished. */
  pause(): void
  /**
   * Whether a message was left behind, which its successor will start with; to be asked now and then.
   *
   * @throws what NATS says when it cannot answer
   */
  hasLeftBehind(): Promise<boolean>
  /** Lets go of the partition: what is not finished is for the next reader. */
  leave(): Promise<void>
}

export interface ReadOptions {
  partition: number
  /** Of nobody else. */
  name: string
  receive: (message: JsMsg, reader: PartitionReader) => void
}

/** Most messages on their way to a reader. */
const mostUnfinished = 1_000
/** A reader that does not ask for so long is gone. */
const goneAfterMs = 5_000
const notUnique = 10_100

/**
 * Reads a partition in order, from the first message that is left.
 *
 * A stream that is a work queue has one consumer for a subject at most, so the consumer is the right to read: who makes it
 * has the partition, and when nobody asks it for messages any more, the stream removes it. Each reader makes a new one
 * and starts at the first message that was not finished. So even if there were two for a moment, each would append an
 * unbroken run that begins with what is already in the log: nothing can overtake.
 *
 * Servers can lose a message on its way while the connection stays. They number what they send, so it is missed as soon as
 * the next one comes: that one would overtake it, so the reader leaves, and its successor starts with what is missing.
 *
 * @returns null while somebody else reads it
 */
export async function readPartition(
  { jetstream, manager, nats }: Connected,
  names: QueueNames,
  { partition, name, receive }: ReadOptions,
): Promise<PartitionReader | null> {
  const consumer = await manager.consumers
    .add(names.stream, {
      name: `p${partition}-${name}`,
      filter_subject: names.visits(partition),
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: mostUnfinished,
      inactive_threshold: nanos(goneAfterMs),
    })
    .catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === notUnique) return null
      throw error
    })
  if (consumer === null) return null

  const unfinished = new Set<number>()
  let arrived = 0
  const arrive = (message: JsMsg) => {
    const { seq, info } = message
    if (info.deliverySequence !== arrived + 1) {
      void reader.leave()
      return
    }
    arrived += 1
    if (unfinished.has(seq)) return
    unfinished.add(seq)
    receive(message, reader)
  }
  const messages = await jetstream.consumers.getConsumerFromInfo(consumer).consume({
    max_messages: mostUnfinished,
    expires: 5_000,
    idle_heartbeat: 1_000,
    abort_on_missing_resource: true,
    callback: arrive,
  })
  const reader: PartitionReader = {
    closed: messages.closed(),
    unfinished: () => unfinished.size,
    finish(message) {
      unfinished.delete(message.seq)
      if (!nats.isClosed()) message.ack()
    },
    pause: () => messages.stop(),
    hasLeftBehind: watchFirst(manager, names, partition, (seq) => unfinished.has(seq)),
    async leave() {
      messages.stop()
      // When that does not work, the stream removes it a little later.
      await manager.consumers.delete(names.stream, consumer.name).catch(() => {})
    },
  }
  return reader
}
