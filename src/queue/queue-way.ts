import type { Way } from '../capture/way.js'
import { encodeMessage } from './message.js'
import { partitionOf } from './names.js'
import type { Queue } from './queue.js'

/** The stream has either taken a visit by then, or is in trouble. */
const publishLimitMs = 5_000

/**
 * Visits are safe when the stream has acknowledged them. Their ids are the ids of their messages, so that the stream drops
 * what comes twice. It drops visits of no link and keeps to no `max_visits`: those are found out by who appends to the log.
 */
export function queueWay(queue: Queue): Way {
  return {
    name: 'the queue',
    lanes: 64,
    keepsLimits: false,
    async commit(ownerId, visits, { signal }) {
      const { jetstream } = queue.connected()
      const subject = queue.names.visits(partitionOf(ownerId))
      // All are on their way before the first is answered, over one connection: so they keep their order.
      const sent = visits.map((visit) =>
        jetstream.publish(subject, encodeMessage({ ownerId, visit }), { msgID: visit.id, timeout: publishLimitMs }),
      )
      const answers = await unlessAborted(Promise.all(sent), signal)
      const stored = answers.filter(({ duplicate }) => !duplicate).length
      return { stored, orphaned: [], exceeding: [], refused: new Map() }
    },
    probe: () => queue.requireRoom(),
    // Whatever it was, only `probe` says that it is over.
    isAway: () => true,
    isStuck: () => false,
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
