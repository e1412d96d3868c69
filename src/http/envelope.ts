import { STATUS_CODES } from 'node:http'
import { z } from 'zod'

/** What went wrong, by field name. */
export type FieldErrors = Record<string, string[]>

/** A successful answer (docs/api-contract.md section 1). The HTTP status is always 200. */
export function success(message: string, data: unknown) {
  return { status: 'OK', code: 200, message, data }
}

/**
 * A page whose items are JSON already: the body of the answer, `links` and `meta` after `data`. Item by item into its bytes: one
 * string of a thousand visits takes several times as long to make, and has to be turned into bytes in the end.
 */
export function listBody(message: string, items: string[], { links, meta }: { links: object; meta: object }): Buffer {
  const head = `{"status":"OK","code":200,"message":${JSON.stringify(message)},"data":[`
  const tail = `],"links":${JSON.stringify(links)},"meta":${JSON.stringify(meta)}}`
  const commas = Math.max(items.length - 1, 0)
  const size = [head, tail, ...items].reduce((bytes, part) => bytes + Buffer.byteLength(part), commas)
  const body = Buffer.allocUnsafe(size)
  let at = body.write(head)
  for (const [nth, item] of items.entries()) {
    if (nth > 0) at += body.write(',', at)
    at += body.write(item, at)
  }
  body.write(tail, at)
  return body
}

/**
 * An answer other than success; `errors` only where fields are named (422, and 403 where fields need a scope), `data`
 * only where there is a way to go on.
 */
export function failure(
  code: number,
  message: string,
  { errors, data = [] }: { errors?: FieldErrors; data?: object } = {},
) {
  return { status: 'ERROR', code, message, data, ...(errors && { errors }) }
}

/** An answer that is no envelope, or has no body, in a route's `schema.response`. */
export interface DescribedAnswer {
  description: string
  /** Names of headers that it has. */
  headers?: string[]
  /** By media type. */
  content?: Record<string, { schema: z.ZodType }>
}

/** The whole of a successful answer, for a route's `schema.response`: what the document says and the test suite holds answers to. */
export function okSchema<Data extends z.ZodType>(message: string, data: Data) {
  return z.object({ status: z.literal('OK'), code: z.literal(200), message: z.literal(message), data })
}

/** The same where there is nothing to show, such as after a deletion: `data` is `[]`. */
export const emptySchema = (message: string) => okSchema(message, nothing)

const nothing = z.array(z.never()).max(0)

/** The whole of an error. One that only some routes give belongs into their `schema.response`, with its message. */
export function errorSchema(code: number, message?: string) {
  const whole = z.object({
    status: z.literal('ERROR'),
    code: z.literal(code),
    message: message === undefined ? z.string().meta({ examples: [STATUS_CODES[code]] }) : z.literal(message),
    data: nothing,
  })
  const errors = z.record(z.string(), z.array(z.string()).min(1))
  if (code === 422) return whole.extend({ errors })
  return code === 403 ? whole.extend({ errors: errors.optional() }) : whole
}

/** The whole of a page: items, then Laravel's `links` and `meta` (docs/api-contract.md section 3). */
export function pageSchema<Item extends z.ZodType>(message: string, item: Item) {
  return okSchema(message, z.array(item)).extend({ links: pageLinks, meta: pageMeta })
}

const pageLinks = z
  .object({
    first: z.url(),
    last: z.url(),
    prev: z.url().nullable(),
    next: z.url().nullable(),
  })
  .meta({ id: 'PageLinks', description: 'Addresses of other pages, with the parameters of the request.' })

const pageMeta = z
  .object({
    current_page: z
      .union([z.int().positive(), z.string().regex(/^\d{16,19}$/)])
      .meta({ description: 'The page that was asked for; as text where a number would lose digits.' }),
    from: z.int().positive().nullable().meta({ description: 'Number of the first item, null on an empty page.' }),
    last_page: z.int().positive(),
    links: z.array(z.object({ url: z.url().nullable(), label: z.string(), active: z.boolean() })),
    path: z.url(),
    per_page: z.int().min(1).max(100),
    to: z.int().positive().nullable().meta({ description: 'Number of the last item, null on an empty page.' }),
    total: z.int().nonnegative(),
  })
  .meta({ id: 'PageMeta', description: 'Where this page is among all.' })
