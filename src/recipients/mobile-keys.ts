import type { PoolClient } from 'pg'
import { anyOwner, statement } from '../database/open.js'
import type { MobileRule } from './mobile.js'
import { isUnkeyed } from './mobile-search.js'

/**
 * Up to where an owner's recipients have keys by a rule (`owners.mobile_rule`):
 *
 * - the rule's name: all of them have
 * - null: the same, as none has been written with a key so far
 * - the name and `>link/recipient`: those up to this one, and all that were written since; the job is at it (key-mobiles.ts)
 * - anything else: nothing can be said
 *
 * Apart from them are always those that servers of the version before have written, which are marked (migration mobile_key).
 */
export interface KeyedUpTo {
  link: number
  recipient: number
}

/** @returns null where nothing can be said, 'all' where all have keys by the rule */
export function keyedUpTo(state: string | null, { name }: MobileRule): KeyedUpTo | 'all' | null {
  if (state === null || state === name) return 'all'
  if (!state?.startsWith(`${name}>`)) return null
  const [link = 0, recipient = 0] = state
    .slice(name.length + 1)
    .split('/')
    .map(Number)
  return { link, recipient }
}

export function keyedState({ name }: MobileRule, upTo: KeyedUpTo | 'all'): string {
  return upTo === 'all' ? name : `${name}>${upTo.link}/${upTo.recipient}`
}

/**
 * To be called before recipients are written with keys by the rule, under the owner's lock: an owner without keys has keys by this
 * rule from now on, and one whose keys are by another rule has keys by two.
 */
export async function noteRule(client: PoolClient, ownerId: number, state: string | null, rule: MobileRule) {
  if (state === null) await client.query(setState([ownerId, rule.name]))
  else if (state !== mixed && keyedUpTo(state, rule) === null) await client.query(setState([ownerId, mixed]))
}

const mixed = ''

export const setState = statement('UPDATE owners SET mobile_rule = $2 WHERE id = $1')

/** Whether some of the owner's recipients have been written without a key. */
export const hasUnkeyed = `coalesce((
  SELECT true FROM recipients u WHERE u.user_id = ${anyOwner} AND u.mobile_key IS NOT NULL AND ${isUnkeyed('u.mobile_key')}
  ORDER BY u.mobile_key LIMIT 1
), false)`
