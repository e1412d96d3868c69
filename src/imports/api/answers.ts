/** What answers of another server's API must have (docs/api-contract.md sections 1 to 4). More is no harm. */
import { z } from 'zod'
import { SourceError } from './source.js'

/** A row as it came. */
export type SourceRow = Record<string, unknown>

const row = z.record(z.string(), z.unknown())

/** Numbers come as texts too. */
const count = z
  .union([z.number(), z.string().regex(/^\d{1,15}$/)])
  .transform(Number)
  .pipe(z.int().nonnegative())

export const pageAnswer = z.object({
  data: z.array(row),
  meta: z.object({ per_page: count.refine((perPage) => perPage > 0), total: count }),
})

export const feedAnswer = z.object({ data: z.array(row), meta: z.object({ next_cursor: z.string().min(1) }) })

export const linkAnswer = z.object({ data: row })

/** Whoever the token belongs to: the documented test call does not say under which name. */
export const ownerAnswer = z.object({ data: z.object({ id: count.refine((id) => id > 0) }) })

const text = z.string().nullable().catch(null)

export const recipientRow = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  /** null: the person was erased there. */
  token: z.string().min(1).max(64).nullable(),
  message_id: text,
  mobile: text,
  sent_at: text,
  created_at: text,
})

/** @param what was asked for, as the error names it */
export function checked<T extends z.ZodType>(schema: T, answer: unknown, what: string): z.output<T> {
  const result = schema.safeParse(answer)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new SourceError(`The answer to ${what} is not as expected: ${issue?.path.join('.')} ${issue?.message}`)
}
