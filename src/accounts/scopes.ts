/**
 * What a token may be limited to. `admin` includes the others, and managing access tokens, which has no scope of its own;
 * not `visits:pii`, which must always be named.
 */
export const scopes = [
  'visits:read',
  'visits:pii',
  'links:read',
  'links:write',
  'recipients:erase',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
  'admin',
] as const

export type Scope = (typeof scopes)[number]

/** Who makes a request: an owner, and what the token lets it do. */
export interface Caller {
  ownerId: number
  /** null: the token has no scope claim and may do everything its owner may, with numbers masked. */
  scopes: ReadonlySet<string> | null
  token: CallerToken
}

/** What is known of the token in use. */
export interface CallerToken {
  /** Of its row; null when it was signed elsewhere, and nothing of it is stored. */
  id: string | null
  /**
   * A UUID of who sends it: its id; of one that was signed elsewhere, the same for all that say the same but for when they were
   * signed and how long they count.
   */
  sender: string
  name: string | null
  /** Addresses and ranges; empty: from anywhere. */
  allowedIps: readonly string[]
  /** Requests a minute; null: what the account may. */
  rateLimit: number | null
  expiresAt: Date | null
  createdAt: Date | null
}

export function may(caller: Pick<Caller, 'scopes'>, scope: Scope): boolean {
  if (scope === 'visits:pii') return caller.scopes?.has(scope) ?? false
  return caller.scopes === null || caller.scopes.has(scope) || caller.scopes.has('admin')
}

/** Who gives numbers without being allowed to see any; null: the caller may see them. */
export function maskedSender(caller: Caller): string | null {
  return may(caller, 'visits:pii') ? null : caller.token.sender
}
