import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { JsonSchema } from './json-schema.js'

/** More than a server has; a test run has some apps of each of many configurations. */
const kept = new LRUCache<string, JsonSchema>({ max: 20 })

/**
 * A document, made when there is none of the same content.
 *
 * @param content everything it is made of: plain data and zod schemas, which are the same when they are the same object
 * @returns the same object for the same content, not to be changed
 */
export function oncePerContent(content: object, make: () => JsonSchema): JsonSchema {
  const key = JSON.stringify(content, (_, value) => (value instanceof z.ZodType ? numberOf(value) : value))
  const known = kept.get(key)
  if (known !== undefined) return known
  const made = make()
  kept.set(key, made)
  return made
}

const numbers = new WeakMap<z.ZodType, number>()
let lastNumber = 0

function numberOf(schema: z.ZodType): number {
  const known = numbers.get(schema)
  if (known !== undefined) return known
  lastNumber += 1
  numbers.set(schema, lastNumber)
  return lastNumber
}
