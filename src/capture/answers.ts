/** What openers of short URLs are answered with, for the API's document. */
import { z } from 'zod'
import { type DescribedAnswer, errorSchema } from '../http/envelope.js'

const redirect: DescribedAnswer = {
  description: "On to the link's target. 302 unless the link says otherwise.",
  headers: ['Location'],
}

const redirectOrFallback: DescribedAnswer = {
  description:
    "On to the link's target, or, where a link cannot be opened, to its `fallback_url` or the server's FALLBACK_URL.",
  headers: ['Location'],
}

/** A page for people, the envelope for clients that ask for JSON and not for a page. */
const page = (status: number, description: string): DescribedAnswer => ({
  description,
  content: {
    'text/html': { schema: z.string() },
    'application/json': { schema: errorSchema(status) },
  },
})

export const openAnswers = {
  301: redirect,
  302: redirectOrFallback,
  303: redirect,
  307: redirect,
  308: redirect,
  400: page(400, 'The request is not one that can be read.'),
  404: page(404, 'There is no such link, or it is not active.'),
  410: page(410, 'The link has expired, is used up, or was deleted.'),
  429: {
    ...page(429, 'Links are opened too often from this address (OPENINGS_LIMIT).'),
    headers: ['Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
  },
  503: page(503, 'The link cannot be opened right now.'),
}

export const rootAnswers = {
  302: { description: 'On to ROOT_URL.', headers: ['Location'] },
  404: page(404, 'ROOT_URL leads back here.'),
}
