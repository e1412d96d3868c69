import { randomBytes } from 'node:crypto'

/** What deliveries of a webhook are signed with, in the form of Standard Webhooks: `whsec_` and the key in base64. */
export function newVerificationCode(): string {
  return codeOf(randomBytes(32))
}

/**
 * The code that a client brings as `token`. One in the form of Standard Webhooks is that key; any other text is a key itself, byte
 * by byte, as clients of the hosted service send it.
 *
 * @returns null for a key that is none: Standard Webhooks has keys of 24 to 64 bytes
 */
export function verificationCodeOf(token: string): string | null {
  if (!token.startsWith(prefix)) return codeOf(Buffer.from(token))
  const encoded = token.slice(prefix.length)
  const key = Buffer.from(encoded, 'base64')
  const isBase64 = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')
  return isBase64 && key.length >= 24 && key.length <= 64 ? codeOf(key) : null
}

const prefix = 'whsec_'

const codeOf = (key: Buffer) => prefix + key.toString('base64')
