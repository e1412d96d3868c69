/** Lists that are too long for pages: newest first, not counted, going on from the last id that was shown, which is their cursor. */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { publicAddress, rawQuery } from './address.js'
import { okSchema, success } from './envelope.js'
import { noSort } from './page-query.js'
import { buildQueryString, parseQueryString } from './query-string.js'

const notALimit = 'The limit field must be a number between 1 and 1000.'
const notACursor = 'The cursor field must be a cursor of this list.'

/** What each of them takes in its query. */
export const cursorListFields = {
  limit: z
    .string({ error: notALimit })
    .regex(/^([1-9]\d{0,2}|1000)$/, notALimit)
    .meta({ type: 'integer', minimum: 1, maximum: 1000, default: 100, pattern: undefined })
    .transform(Number)
    .default(100),
  cursor: z
    .guid({ error: notACursor })
    .meta({ pattern: undefined, format: undefined, description: 'From `links.next` or `meta.next_cursor`.' })
    .nullish(),
  sort: noSort,
}

const noPage = z.null()

/** @param path of an example */
export const cursorListSchema = <Item extends z.ZodType>(item: Item, path: string) =>
  okSchema('OK', z.array(item)).extend({
    links: z.object({
      first: noPage,
      last: noPage,
      prev: noPage,
      next: z
        .url()
        .nullable()
        .meta({ description: 'What comes next; null: that is all.', examples: [null] }),
    }),
    meta: z.object({
      path: z.url().meta({ examples: [path] }),
      per_page: z
        .int()
        .min(1)
        .max(1000)
        .meta({ examples: [100] }),
      next_cursor: z
        .string()
        .nullable()
        .meta({ examples: [null] }),
      prev_cursor: z.null(),
    }),
  })

/**
 * The answer, in the shape of Laravel's cursor pages.
 *
 * @param slice its rows, and where the next slice begins; null: there is none
 */
export function cursorList<Item>(
  request: FastifyRequest,
  publicUrl: string | undefined,
  { items, cursor }: { items: Item[]; cursor: string | null },
  limit: number,
) {
  const path = publicAddress(request, publicUrl)
  const kept = parseQueryString(rawQuery(request))
  kept.delete('access_token')
  kept.set('cursor', cursor)
  const next = cursor === null ? null : `${path}?${buildQueryString(kept)}`
  return {
    ...success('OK', items),
    links: { first: null, last: null, prev: null, next },
    meta: { path, per_page: limit, next_cursor: cursor, prev_cursor: null },
  }
}
