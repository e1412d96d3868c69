import { setTimeout as wait } from 'node:timers/promises'
import { JetStreamApiCodes, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream'
import type { QueueConfig } from '../config.js'
import { type Connected, keepConnected } from '../queue/connection.js'
import { queueNames } from '../queue/names.js'
import { databaseOf, ForeignStreamError } from '../queue/streams.js'
import { type Finding, findings } from './finding.js'

const limitMs = 5_000
/** For longer nothing waits where a worker works. */
const longMs = 60_000

/**
 * The queue in front of the log: reached, of this database, with room, and read. Nothing is made or changed there.
 *
 * @param databaseId null: the database cannot be asked
 */
export async function examineQueue(config: QueueConfig | undefined, databaseId: string | null): Promise<Finding[]> {
  if (config === undefined) return [{ level: 'ok', topic: 'queue', text: 'none: NATS_URL is not set' }]
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const connection = keepConnected(config, quiet)
  try {
    const { manager } = await reached(connection.get)
    const names = queueNames(config.stream)
    const streamOf = (name: string) => manager.streams.info(name).catch(nullIfMissing)
    const [visits, refused] = [await streamOf(names.stream), await streamOf(names.refusedStream)]
    for (const stream of [visits, refused]) {
      const owner = stream && databaseOf(stream.config)
      if (stream === null || owner === null || databaseId === null || owner === databaseId) continue
      return [{ level: 'fail', topic: 'queue', text: new ForeignStreamError(stream.config.name).message }]
    }
    return ofStreams(config, visits, refused)
  } catch (error) {
    return [{ level: 'fail', topic: 'queue', text: `NATS_URL cannot be used: ${(error as Error).message}` }]
  } finally {
    await connection.close()
  }
}

function ofStreams(config: QueueConfig, visits: StreamInfo | null, refused: StreamInfo | null): Finding[] {
  const wrong: Omit<Finding, 'topic'>[] = []
  if (visits === null) {
    wrong.push({ level: 'warn', text: `the stream ${config.stream} is not there yet: the first server makes it` })
    return findings('queue', wrong, '')
  }
  const { messages, bytes, first_ts } = visits.state
  const isOld = messages > 0 && Date.now() - Date.parse(first_ts) > longMs
  if (isOld) {
    wrong.push({
      level: 'fail',
      text: `${messages} visits wait, the oldest since ${first_ts}: does a server with work run?`,
    })
  }
  if (bytes > config.maxBytes * 0.9) {
    wrong.push({ level: 'fail', text: `it is nearly full: ${bytes} of ${config.maxBytes} bytes (NATS_MAX_BYTES)` })
  }
  if (visits.config.num_replicas !== config.replicas) {
    wrong.push({
      level: 'warn',
      text: `visits are kept on ${visits.config.num_replicas} servers, NATS_REPLICAS is ${config.replicas}`,
    })
  }
  const aside = refused?.state.messages ?? 0
  if (aside > 0) wrong.push({ level: 'warn', text: `${aside} messages were set aside: see ${config.stream}-refused` })
  return findings('queue', wrong, `${messages} visits wait`)
}

async function reached(get: () => Connected): Promise<Connected> {
  const giveUpAt = performance.now() + limitMs
  for (;;) {
    try {
      return get()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await wait(50)
    }
  }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null
  throw error
}
