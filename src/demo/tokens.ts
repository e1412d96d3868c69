import { createToken } from '../accounts/create-token.js'
import type { Database } from '../database/open.js'
import { demoOwner } from './data.js'

const dayMs = 86_400_000

/** Access tokens to look at: nobody knows their texts. */
export async function storeDemoTokens(db: Database, now: Date): Promise<void> {
  const inDays = (days: number) => new Date(now.getTime() + days * dayMs)
  const common = { allowedIps: [], rateLimit: null, expiresAt: null }
  const tokens = [
    { ...common, name: 'Old integration', scopes: ['admin'], expiresAt: inDays(-12) },
    { ...common, name: 'Shop system', scopes: ['links:read', 'links:write'], allowedIps: ['203.0.113.0/24'] },
    { ...common, name: 'Monthly report', scopes: ['visits:read', 'links:read'], expiresAt: inDays(76) },
  ]
  for (const token of tokens) await createToken(db, demoOwner, token)
}
