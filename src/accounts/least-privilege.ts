import type { FieldErrors } from '../http/envelope.js'
import { invalid } from '../http/errors.js'
import { isWithin } from './allowed-ips.js'
import type { NewToken } from './create-token.js'
import type { TokenFields } from './schema.js'
import { type Caller, may } from './scopes.js'

/**
 * A token makes none that may do more than itself: no other scopes, from nowhere else, no more often, no longer. What the request
 * does not say is as the token in use has it.
 *
 * @param accountLimit requests a minute of the account; 0: any number
 * @throws HttpError 422
 */
export function withinCaller(fields: TokenFields, caller: Caller, accountLimit: number): NewToken {
  const { allowedIps, rateLimit, expiresAt } = caller.token
  const mostRequests = Math.min(rateLimit ?? Infinity, accountLimit || Infinity)
  const token: NewToken = {
    name: fields.name,
    scopes: fields.scopes,
    expiresAt: fields.expires_at ?? expiresAt,
    allowedIps: fields.allowed_ips?.length ? fields.allowed_ips : [...allowedIps],
    rateLimit: fields.rate_limit ?? (rateLimit === null ? null : mostRequests),
  }
  const errors: FieldErrors = {
    ...(!fields.scopes.every((scope) => may(caller, scope)) && {
      scopes: ['The scopes field must not have scopes that the token in use has not.'],
    }),
    ...(expiresAt !== null &&
      token.expiresAt !== null &&
      token.expiresAt > expiresAt && {
        expires_at: [`The expires at field must not be later than ${expiresAt.toISOString()}, as of the token in use.`],
      }),
    ...(allowedIps.length > 0 &&
      !token.allowedIps.every((range) => isWithin(range, allowedIps)) && {
        allowed_ips: [`The allowed ips field must be within ${allowedIps.join(', ')}, as of the token in use.`],
      }),
    ...(token.rateLimit !== null &&
      token.rateLimit > mostRequests && {
        rate_limit: [`The rate limit field must not be greater than ${mostRequests}.`],
      }),
  }
  if (Object.keys(errors).length > 0) throw invalid(errors)
  return token
}
