import { z } from 'zod'
import { pageNumber } from './paginate.js'

const perPage = 'The per page field must be a number between 1 and 100.'

/** Paging parameters of every list (contract.md section 3). A bad `page` is page 1, a bad `per_page` is refused. */
export const pageQuery = z.object({
  page: z.unknown().optional().transform(pageNumber),
  per_page: z
    .string({ error: perPage })
    .regex(/^([1-9]\d?|100)$/, perPage)
    .transform(Number)
    .default(15),
})
