import { bearer } from '../../support/app.js'
import type { CallerKind } from './draft.js'
import { type Marked, other, own, ownerHeaders, type World } from './world.js'

export interface Caller {
  /** Whose records are `@own`. */
  whose: Marked
  /** Whether answers may show what belongs to them. */
  isKnown: boolean
  headers: [name: string, value: string][]
  query: [name: string, value: string][]
}

/** What a request says about who sends it. */
export function callerOf(kind: CallerKind, world: World): Caller {
  const whose = kind === 'other' ? other : own
  const header = ({ authorization }: { authorization: string }): Caller => {
    return { whose, isKnown: true, headers: [['Authorization', authorization]], query: [] }
  }
  switch (kind) {
    case 'own':
    case 'other':
      return header(ownerHeaders(whose))
    case 'stored':
      return header({ authorization: `Bearer ${world.tokenOf(whose)}` })
    case 'query':
      return { whose, isKnown: true, headers: [], query: [['access_token', world.tokenOf(whose)]] }
    case 'narrow':
      return header(bearer({ sub: whose.digits, scope: 'links:read visits:read' }))
    case 'none':
      return { whose, isKnown: false, headers: [], query: [] }
    case 'expired':
      return { ...header(ownerHeaders(whose, { exp: 1_600_000_000 })), isKnown: false }
    case 'garbage':
      return { ...header({ authorization: 'Bearer x.y.z' }), isKnown: false }
  }
}
