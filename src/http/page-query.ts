import { z } from 'zod'
import { pageNumber } from './paginate.js'

const perPage = 'The per page field must be a number between 1 and 100.'

/** A list has one order. A client that asks for another one would take what it gets for that. */
export const noSort = z.undefined({ error: 'This list is newest first, and cannot be sorted otherwise.' }).optional()

/** Paging parameters of every list (docs/api-contract.md section 3). A bad `page` is page 1, a bad `per_page` is refused. */
export const pageQuery = z.object({
  page: z
    .unknown()
    .meta({ type: 'integer', minimum: 1, default: 1, description: 'What is no number of a page means the first.' })
    .optional()
    .transform(pageNumber),
  per_page: z
    .string({ error: perPage })
    .regex(/^([1-9]\d?|100)$/, perPage)
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 15, pattern: undefined })
    .transform(Number)
    .default(15),
  sort: noSort,
})
