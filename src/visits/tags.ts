import { growingCache } from '../growing-cache.js'
import { bodyTag, entityTag } from '../http/conditional.js'

/**
 * Tags of lists under filters. New visits may or may not match, so the tag is made of the body; which state of the log
 * gave which body is remembered, so that asking again while nothing is new costs no search. The epoch of the log is in it as in all tags.
 */
export class FilteredTags {
  readonly #tags = growingCache<string, string>(10_000)

  known(state: unknown[]): string | null {
    return this.#tags.get(entityTag(state)) ?? null
  }

  learn(epoch: number, state: unknown[], body: Buffer): string {
    const tag = entityTag(epoch, bodyTag(body))
    this.#tags.set(entityTag(state), tag)
    return tag
  }
}
