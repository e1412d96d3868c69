import { randomUUID } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { createSigner } from 'fast-jwt'
import { jwtKeys } from '../accounts/jwt-secret.js'
import { scopes } from '../accounts/scopes.js'
import { type Config, readConfig } from '../config.js'
import { StartError } from '../server.js'
import { ownerId } from './arguments.js'

export function tokenCommand(): Command {
  const create = new Command('create')
    .description('Print an access token for an owner, alone on standard output.')
    .requiredOption('--user <number>', 'the owner', ownerId)
    .option('--scope <scopes>', `space separated: ${scopes.join(' ')}; without it, all but visits:pii`, scopeList)
    .option('--expires-in <duration>', 'such as 30d, 12h, 15m or 90s; without it, never', seconds)
    .action(async (claims: TokenClaims) => console.log(await createToken(readConfig(), claims)))
  return new Command('token').description('Access tokens.').addCommand(create)
}

export interface TokenClaims {
  user: number
  scope?: string
  /** Seconds. */
  expiresIn?: number
}

/** A JWT signed with the server's secret. */
export async function createToken(config: Config, { user, scope, expiresIn }: TokenClaims): Promise<string> {
  const keys = await jwtKeys(config.jwt, config.dataDir)
  if (keys.kind !== 'secret') {
    throw new StartError(
      'Tokens are signed elsewhere: this server has only a public key (JWT_PUBLIC_KEY or JWT_JWKS_URL).',
    )
  }
  const sign = createSigner({
    key: keys.secret,
    algorithm: 'HS256',
    ...(keys.issuer !== undefined && { iss: keys.issuer }),
    ...(keys.audience !== undefined && { aud: keys.audience }),
    ...(expiresIn !== undefined && { expiresIn: expiresIn * 1000 }),
  })
  return sign({ sub: String(user), jti: randomUUID(), ...(scope !== undefined && { scope }) })
}

function scopeList(text: string): string {
  const words = text.split(/[ ,]+/).filter((word) => word !== '')
  const unknown = words.find((word) => !scopes.some((scope) => scope === word))
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is no scope; there are ${scopes.join(', ')}.`)
  return words.join(' ')
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

function seconds(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,8})([smhdwy])$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('give a number with s, m, h, d, w or y, such as 30d.')
  return Number(number) * (unitSeconds[unit ?? 's'] ?? 1)
}
