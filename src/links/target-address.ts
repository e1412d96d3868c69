import { z } from 'zod'

/**
 * Longest target, in characters. What other short-link services take; and the Location header that a redirect makes of it
 * fits, placeholders filled, into the header buffers of usual proxies.
 */
export const longestTarget = 2048

/**
 * `long_url` of a link or a rule, or another address that a link has, checked as leniently as the hosted service does
 * (docs/api-contract.md section 4): brackets need no partner, placeholders may stand anywhere. An http or https address has a host.
 *
 * @param name of the field in messages
 * @param schemes allowed ones, in lower case (TARGET_SCHEMES); what runs in a browser is never among them
 */
export const targetAddress = (schemes: readonly string[], name = 'long url') => {
  const required = `The ${name} field is required.`
  return z
    .string({ error: ({ input }) => (input == null ? required : `The ${name} field must be a string.`) })
    .min(1, { error: required, abort: true })
    .max(longestTarget, {
      error: `The ${name} field must not be greater than ${longestTarget} characters.`,
      abort: true,
    })
    .refine(isPrintable, { error: `The ${name} field must not contain control characters.`, abort: true })
    .refine(
      (text) => isAddress(text, schemes),
      `The ${name} field must be a valid URL that begins with ${begin(schemes)}.`,
    )
}

/** Whether text can be stored and shown: no control characters, no halves of a character. */
export function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

const webSchemes = ['http', 'https']

function isAddress(text: string, schemes: readonly string[]): boolean {
  const scheme = /^([a-z][a-z0-9+.-]*):./i.exec(text)?.[1]?.toLowerCase() ?? ''
  if (!schemes.includes(scheme)) return false
  return !webSchemes.includes(scheme) || /^[^:]+:\/\/[^/\\?#\s]/.test(text)
}

/** Such as `http:// or https://`. */
function begin(schemes: readonly string[]): string {
  const names = schemes.map((scheme) => (webSchemes.includes(scheme) ? `${scheme}://` : `${scheme}:`))
  return [names.slice(0, -1).join(', '), names.at(-1)].filter((part) => part !== '').join(' or ')
}
