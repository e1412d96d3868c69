import { Command, InvalidArgumentError } from 'commander'
import { parseRange } from '../accounts/allowed-ips.js'
import { createToken } from '../accounts/create-token.js'
import { jwtKeys } from '../accounts/jwt-secret.js'
import { findOwner } from '../accounts/owners.js'
import { type Scope, scopes } from '../accounts/scopes.js'
import { signToken } from '../accounts/sign-token.js'
import { StartError } from '../server.js'
import { ownerId } from './arguments.js'
import { type CommandContext, withDatabase } from './database.js'
import type { Host } from './host.js'

export function createCommand(host: Host): Command {
  return new Command('create')
    .description('Print a new access token for an owner, alone on standard output. It is not shown again.')
    .requiredOption('--user <number>', 'the owner', ownerId)
    .option('--create', 'create the owner where there is none of this number', false)
    .option('--name <text>', 'what it is for', tokenName, '')
    .option('--scope <scopes>', `space separated: ${scopes.join(' ')}; without it, all but visits:pii`, scopeList)
    .option('--expires-in <duration>', 'such as 30d, 12h, 15m or 90s; without it, never', milliseconds)
    .option('--allow-ip <addresses>', 'only from these addresses and CIDR ranges, comma-separated', rangeList)
    .option('--rate-limit <number>', 'requests a minute; without it, as the account', requests)
    .option('--jwt', 'a JWT instead of a random text', false)
    .action((options: CreateOptions) =>
      withDatabase(host, async (context) => host.console.log(await newToken(context, options))),
    )
}

interface CreateOptions {
  user: number
  create: boolean
  name: string
  scope?: Scope[]
  expiresIn?: number
  allowIp?: string[]
  rateLimit?: number
  jwt: boolean
}

async function newToken({ db, config }: CommandContext, options: CreateOptions): Promise<string> {
  const { user, create, name, scope = [], expiresIn, allowIp = [], rateLimit = null, jwt } = options
  if (!create && (await findOwner(db, user)) === null) {
    throw new StartError(`There is no owner ${user}: smart-link owner list shows them, and --create makes this one.`)
  }
  // To the second, because that is all a JWT can say.
  const expiresAt = expiresIn === undefined ? null : new Date(Math.floor((Date.now() + expiresIn) / 1000) * 1000)
  const token = { name, scopes: scope, allowedIps: allowIp, rateLimit, expiresAt }
  if (!jwt) return (await createToken(db, user, token)).text
  const keys = await jwtKeys(config.jwt, config.dataDir)
  if (keys.kind !== 'secret') {
    throw new StartError(
      'JWTs are signed elsewhere: this server has only a public key (JWT_PUBLIC_KEY or JWT_JWKS_URL).',
    )
  }
  const { text } = await createToken(db, user, token, (id) =>
    signToken(keys, { ownerId: user, id, scopes: scope, expiresAt }),
  )
  return text
}

/** Node has put U+FFFD where bytes of the command line were not UTF-8: what they were is lost. */
function tokenName(text: string): string {
  if (text.includes('\uFFFD')) throw new InvalidArgumentError('give it in UTF-8.')
  return text
}

function scopeList(text: string): Scope[] {
  const words = listOf(text)
  const known = scopes.filter((scope) => words.includes(scope))
  const unknown = words.find((word) => !known.some((scope) => scope === word))
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is no scope; there are ${scopes.join(', ')}.`)
  if (known.length === 0) throw new InvalidArgumentError('name at least one.')
  return known
}

function rangeList(text: string, before: string[] = []): string[] {
  const ranges = listOf(text).map((word) => {
    const range = parseRange(word)
    if (range === null) throw new InvalidArgumentError(`${word} is no address and no CIDR range such as 10.0.0.0/8.`)
    return range
  })
  if (ranges.length === 0) throw new InvalidArgumentError('give at least one.')
  return [...new Set([...before, ...ranges])]
}

const listOf = (text: string) => text.split(/[ ,]+/).filter((word) => word !== '')

function requests(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a positive number.')
  return Number(text)
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

function milliseconds(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,8})([smhdwy])$/.exec(text) ?? []
  const seconds = Number(number) * (unitSeconds[unit ?? ''] ?? Number.NaN)
  if (!(seconds <= longestLifeSeconds)) {
    throw new InvalidArgumentError('give a number with s, m, h, d, w or y, such as 30d, of a thousand years at most.')
  }
  return seconds * 1000
}

const longestLifeSeconds = 1000 * 31_536_000
