import type { Marked } from './world.js'

const uuids = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi

/**
 * What of an owner's records is in a text.
 *
 * @param ids those of their records that have no mark
 */
export function marksIn(text: string, { word, digits }: Marked, ids: Set<string>): string[] {
  // Word by word around what is found: one expression for all of it would try each place of a long word anew.
  const marked = [...text.matchAll(new RegExp(`${word}|${digits}`, 'gi'))].map(({ 0: mark, index }) => {
    return mark + (/^[\w.-]*/.exec(text.slice(index + mark.length, index + mark.length + 100))?.[0] ?? '')
  })
  return [...marked, ...(text.match(uuids) ?? []).filter((id) => ids.has(id.toLowerCase()))]
}
