import { z } from 'zod'
import { pageNumber } from '../http/paginate.js'

/** Paging parameters of every list (contract.md section 3). A bad `page` is page 1, a bad `per_page` is refused. */
export const pageQuery = z.object({
  page: z.unknown().optional().transform(pageNumber),
  per_page: z
    .string({ error: 'The per page field must be a number between 1 and 100.' })
    .regex(/^([1-9]\d?|100)$/, 'The per page field must be a number between 1 and 100.')
    .transform(Number)
    .default(15),
})

export const visitsQuery = pageQuery
