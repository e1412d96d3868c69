import type { JetStreamManager } from '@nats-io/jetstream'
import type { QueueNames } from './names.js'

/**
 * Messages come again after that, in case the word that they are finished was lost. Those in hand are left alone then; others
 * are received once more, because what is stored already is passed over.
 */
export const ackWaitMs = 15_000
const askEveryMs = 10_000
const leftAfterMs = ackWaitMs + 5_000

/**
 * Watches the first message of a partition. When a leader is killed, the stream can keep messages that the consumer takes
 * for finished, and they would stay for as long as it reads: only a new consumer sees them.
 *
 * @returns asks, when it is time to: has the first message stayed for long enough to have come again, and is not in hand?
 *   It throws what NATS says when it cannot answer.
 */
export function watchFirst(
  manager: JetStreamManager,
  names: QueueNames,
  partition: number,
  isInHand: (seq: number) => boolean,
): () => Promise<boolean> {
  const first = { seq: 1, next_by_subj: names.visits(partition) }
  let askedAt = performance.now()
  let left: { seq: number; since: number } | null = null
  return async () => {
    const now = performance.now()
    if (now - askedAt < askEveryMs) return false
    askedAt = now
    const message = await manager.streams.getMessage(names.stream, first)
    if (message === null || isInHand(message.seq)) left = null
    else if (left?.seq !== message.seq) left = { seq: message.seq, since: now }
    return left !== null && now - left.since >= leftAfterMs
  }
}
