import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { QueueConfig } from '../config.js'
import { type QueueNames, queueNames } from './names.js'

/** For how long the stream remembers ids. A visit that comes twice later is dropped by the log. */
const duplicateWindowMs = 120_000
/** Enough to see what is wrong; a stream that grows beyond that needs somebody who looks. */
const refusedMaxBytes = 64 * 1024 * 1024

type Wanted = { description: string } & Pick<
  StreamConfig,
  'name' | 'subjects' | 'retention' | 'storage' | 'discard' | 'num_replicas' | 'max_bytes' | 'duplicate_window'
>

/** Owners and links are numbers, which every database has: in another one, these visits would be somebody else's. */
export class ForeignStreamError extends Error {
  override readonly name = 'ForeignStreamError'

  constructor(stream: string) {
    super(`the stream ${stream} has visits of another database: set NATS_STREAM to a name of this one's own`)
  }
}

/** The database that a stream is for; null where that was not written down yet. */
export function databaseOf({ description = '' }: Pick<StreamConfig, 'description'>): string | null {
  return /^smart-link of the database ([\da-f]{32})$/.exec(description)?.[1] ?? null
}

// In the description, which every NATS keeps; metadata are kept from 2.10 on.
const descriptionOf = (databaseId: string) => `smart-link of the database ${databaseId}`

/**
 * Both streams are there, for this database, and as the configuration wants them; made when missing.
 *
 * @throws ForeignStreamError, or what NATS says when it cannot do that
 */
export async function prepareStreams(jsm: JetStreamManager, config: QueueConfig, databaseId: string): Promise<void> {
  for (const wanted of wantedStreams(config, queueNames(config.stream), databaseId)) await prepareStream(jsm, wanted)
}

function wantedStreams(config: QueueConfig, names: QueueNames, databaseId: string): Wanted[] {
  const common = {
    description: descriptionOf(databaseId),
    storage: StorageType.File,
    // A full stream refuses what is new: the spool takes it. Nothing that was acknowledged is ever thrown away.
    discard: DiscardPolicy.New,
    num_replicas: config.replicas,
    duplicate_window: nanos(duplicateWindowMs),
  }
  return [
    // Messages go when they are acknowledged, and each subject has one reader at a time.
    {
      ...common,
      name: names.stream,
      subjects: [names.allVisits],
      retention: RetentionPolicy.Workqueue,
      max_bytes: config.maxBytes,
    },
    {
      ...common,
      name: names.refusedStream,
      subjects: [names.allRefused],
      retention: RetentionPolicy.Limits,
      max_bytes: refusedMaxBytes,
    },
  ]
}

async function prepareStream(jsm: JetStreamManager, wanted: Wanted): Promise<void> {
  const found = await jsm.streams.info(wanted.name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null
    throw error
  })
  if (found === null) {
    await jsm.streams.add(wanted)
    return
  }
  const { description, num_replicas, max_bytes, duplicate_window } = wanted
  if ((databaseOf(found.config) ?? databaseOf(wanted)) !== databaseOf(wanted)) throw new ForeignStreamError(wanted.name)
  const isAsWanted =
    found.config.description === description &&
    found.config.num_replicas === num_replicas &&
    found.config.max_bytes === max_bytes &&
    found.config.duplicate_window === duplicate_window
  if (!isAsWanted) await jsm.streams.update(wanted.name, { description, num_replicas, max_bytes, duplicate_window })
}
