import { z } from 'zod'

/** `:id` of a link. What cannot be one names no record, so validation answers 404. */
export const linkParams = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .transform(Number)
    .refine(Number.isSafeInteger),
})
