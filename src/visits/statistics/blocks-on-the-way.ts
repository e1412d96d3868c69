import type { Database } from '../../database/open.js'
import { chunkSize } from './chunk.js'
import { findMissing, makeBlock } from './missing-blocks.js'

/** Makes blocks of statistics while an import brings what they are made of: whoever asks when it is over is answered at once. */
export interface BlocksOnTheWay {
  /** To be called after each batch. */
  stored(ownerId: number, visits: number): Promise<void>
  /** To be called after the last one. */
  finish(): Promise<void>
}

/** Of an owner, until blocks are looked for: more than some of a link's and the account's are seldom found missing then. */
const lookEveryVisits = 4 * chunkSize

export function blocksOnTheWay(db: Database): BlocksOnTheWay {
  const waiting = new Map<number, number>()
  const makeSome = async (ownerId: number) => {
    let made = 0
    for (const block of await findMissing(db, ownerId, chunkSize)) if (await makeBlock(db, block)) made += 1
    return made
  }
  return {
    async stored(ownerId, visits) {
      const all = (waiting.get(ownerId) ?? 0) + visits
      waiting.set(ownerId, all < lookEveryVisits ? all : 0)
      if (all >= lookEveryVisits) await makeSome(ownerId)
    },
    async finish() {
      for (const ownerId of waiting.keys()) while ((await makeSome(ownerId)) > 0);
    },
  }
}
