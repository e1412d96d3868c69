import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Count, Counter, OpenCounter } from './counting.js'
import { tooManyRequests } from './errors.js'

/** How many requests callers may make (docs/api-contract.md section 6). */
export interface RateLimits {
  /**
   * Counts a request of `request.caller` and tells it in the headers of the answer how many are left. No promise where nothing is
   * waited for.
   *
   * @throws HttpError 429
   */
  count(request: FastifyRequest, reply: FastifyReply): void | Promise<void>
}

const windowMs = 60_000

/**
 * The account's requests of a minute, and those of a token that has a limit of its own. A narrower one counts for both, so that
 * many tokens do not add up to more than the account may; a wider one, which only the operator gives, counts for itself.
 *
 * @param accountLimit 0: any number
 */
export async function openRateLimits(openCounter: OpenCounter, accountLimit: number): Promise<RateLimits> {
  const ofAccount = await openCounter({ name: 'account', windowMs, keyOf: ({ caller }) => caller.ownerId })
  const ofToken = await openCounter({ name: 'token', windowMs, keyOf: ({ caller }) => caller.token.id ?? '' })

  async function countToken(request: FastifyRequest, reply: FastifyReply, limit: number): Promise<void> {
    const token = await ofToken(request)
    admit(reply, token, limit)
    if (accountLimit === 0 || limit > accountLimit) return
    const account = await ofAccount(request)
    if (accountLimit - account.number < limit - token.number) admit(reply, account, accountLimit)
  }

  return {
    count(request, reply) {
      const { rateLimit } = request.caller.token
      if (rateLimit !== null) return countToken(request, reply, rateLimit)
      if (accountLimit > 0) return whenCounted(ofAccount(request), (count) => admit(reply, count, accountLimit))
    },
  }
}

/** The same for what has no caller, as an `onRequest` hook. */
export function limitBy(counter: Counter, limit: number) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    admit(reply, await counter(request), limit)
  }
}

function whenCounted(count: Count | Promise<Count>, then: (count: Count) => void): void | Promise<void> {
  return count instanceof Promise ? count.then(then) : then(count)
}

function admit(reply: FastifyReply, { number, leftMs }: Count, limit: number): void {
  if (number > limit) throw tooManyRequests(limit, leftMs)
  reply.header('x-ratelimit-limit', limit).header('x-ratelimit-remaining', limit - number)
}
