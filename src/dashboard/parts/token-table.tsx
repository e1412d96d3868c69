import type { AccessToken } from '../../client/index.js'
import { formatDay } from '../format.js'
import { texts } from '../texts.js'
import { Ago } from './ago.js'
import { SkeletonRows } from './skeleton.js'

interface TokenTableProps {
  tokens: AccessToken[] | undefined
  isLoading: boolean
  /** Id of the token that the dashboard uses. */
  currentId: string | null
  onRevoke: (token: AccessToken) => void
}

export function TokenTable({ tokens, isLoading, ...rest }: TokenTableProps) {
  const { columns } = texts.tokens
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table stacked">
        <thead>
          <tr>
            <th>{columns.name}</th>
            <th>{columns.scopes}</th>
            <th>{columns.from}</th>
            <th>{columns.used}</th>
            <th>{columns.expires}</th>
            <th class="actions">{columns.actions}</th>
          </tr>
        </thead>
        {tokens === undefined ? (
          <SkeletonRows rows={3} columns={6} />
        ) : (
          <tbody>
            {tokens.map((token) => (
              <TokenRow key={token.id} token={token} {...rest} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

function TokenRow({
  token,
  currentId,
  onRevoke,
}: Pick<TokenTableProps, 'currentId' | 'onRevoke'> & { token: AccessToken }) {
  const { columns, ...t } = texts.tokens
  const { id, name, scopes, allowed_ips, last_used_at, expires_at, revoked_at } = token
  const end = expires_at === null ? null : new Date(expires_at)
  const isOver = revoked_at !== null || (end !== null && end.getTime() <= Date.now())
  return (
    <tr class={isOver ? 'over' : undefined}>
      <td class="main">
        <span class="row-title">{name}</span>
        <span class="row-marks">
          {id === currentId && <span class="mark good">{t.current}</span>}
          {isOver && <span class="mark bad">{revoked_at === null ? t.expired : t.revoked}</span>}
        </span>
      </td>
      <td>
        <span class="row-marks">
          {scopes.map((scope) => (
            <span key={scope} class="mark tag">
              {scope}
            </span>
          ))}
        </span>
      </td>
      <td data-label={columns.from}>
        {allowed_ips.length === 0 ? (
          <span class="soft">{t.anywhere}</span>
        ) : (
          <span class="mono">{allowed_ips.join(', ')}</span>
        )}
      </td>
      <td data-label={columns.used}>
        {last_used_at === null ? <span class="soft">{t.unused}</span> : <Ago wall={last_used_at} />}
      </td>
      <td data-label={columns.expires}>{end === null ? <span class="soft">{t.never}</span> : formatDay(end)}</td>
      <td class="actions">
        {!isOver && (
          <button
            type="button"
            class="button small"
            aria-label={`${t.revoke}: ${name}`}
            onClick={() => onRevoke(token)}
          >
            {t.revoke}
          </button>
        )}
      </td>
    </tr>
  )
}
