import { z } from 'zod'
import { longestTarget } from './target-address.js'

const mostValues = 100

/** PostgreSQL takes every text but these. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')

const text = (name: string, longest: number) => {
  const error = `The ${name} takes a text of up to ${longest} characters.`
  return z.string({ error }).refine((value) => value.length <= longest && isStorable(value), error)
}

/** Several values with commas between them, any of which will do. */
const several = (name: string, value: RegExp, what: string) => {
  const error = `The filter ${name} takes ${what}, or up to ${mostValues} of them with commas.`
  return z
    .string({ error })
    .refine(isStorable, error)
    .transform((values) => values.split(',').map((part) => part.trim()))
    .refine((parts) => parts.length <= mostValues && parts.every((part) => value.test(part)), error)
}

const flag = (name: string) => z.enum(['0', '1'], { error: `The filter ${name} must be 0 or 1.` })

/** A parameter without a value asks for nothing. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish()

const filters = {
  id: optional(several('id', /^\d{1,15}$/, 'the id of a link')),
  title: optional(text('filter title', 255)),
  long_url: optional(text('filter long_url', longestTarget)),
  webhook_id: optional(several('webhook_id', /^.{1,255}$/s, 'the id of a webhook')),
  is_advanced: optional(flag('is_advanced')),
  status: optional(flag('status')),
  tag: optional(several('tag', /^.{1,50}$/su, 'a tag')),
}

const names = Object.keys(filters).join(', ')

/** Query parameters that choose links. */
export const filterParameters = {
  filter: z
    .object(filters, { error: `Filters are written filter[name]. There are ${names}.` })
    .catchall(z.undefined({ error: `There is no such filter. There are ${names}.` }))
    .meta({
      description:
        '`title` may be a part of the title, `long_url` is the whole. The others take several values with commas.',
    })
    .optional(),
  search: text('search field', 255)
    .nullish()
    .meta({ description: 'A part of the title or the target, or a whole token, of a recipient too.' }),
}

export type LinkFilters = Pick<z.output<z.ZodObject<typeof filterParameters>>, 'filter' | 'search'>

/** The links of an owner that are wanted, as a condition on `links l`. */
export function conditionOf(
  ownerId: number,
  { filter = {}, search }: LinkFilters,
): { text: string; values: unknown[] } {
  const values: unknown[] = [ownerId]
  const parts = ['l.user_id = $1', 'l.deleted_at IS NULL']
  const add = (value: unknown, part: (parameter: string) => string) => {
    if (value !== null && value !== undefined) parts.push(part(`$${values.push(value)}`))
  }
  add(filter.id, (ids) => `l.id = ANY (${ids}::int8[])`)
  add(filter.title && containing(filter.title), (pattern) => `l.title ILIKE ${pattern}`)
  add(filter.long_url, (address) => `l.long_url = ${address}`)
  add(filter.webhook_id, (ids) => `l.webhook_id = ANY (${ids}::text[])`)
  add(filter.is_advanced, (wanted) => `l.is_advanced = (${wanted} = '1')`)
  add(filter.status, (wanted) => `l.status = ${wanted}`)
  add(filter.tag, (tags) => `l.tags && ${tags}::text[]`)
  add(search && containing(search), (pattern) => {
    const token = `$${values.push(search)}`
    const named = `SELECT t.link_id FROM tokens t WHERE t.user_id = $1 AND t.token = ${token}`
    return `(l.title ILIKE ${pattern} OR l.long_url ILIKE ${pattern} OR l.id = (${named}))`
  })
  return { text: parts.join(' AND '), values }
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
