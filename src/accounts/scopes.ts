/** What a token may be limited to. `admin` includes the others except `visits:pii`, which must always be named. */
export const scopes = ['visits:read', 'visits:pii', 'links:read', 'links:write', 'admin'] as const

export type Scope = (typeof scopes)[number]

/** Who makes a request: an owner, and what the token lets it do. */
export interface Caller {
  ownerId: number
  /** null: the token has no scope claim and may do everything its owner may, with numbers masked. */
  scopes: ReadonlySet<string> | null
}

export function may(caller: Caller, scope: Scope): boolean {
  if (scope === 'visits:pii') return caller.scopes?.has(scope) ?? false
  return caller.scopes === null || caller.scopes.has(scope) || caller.scopes.has('admin')
}
