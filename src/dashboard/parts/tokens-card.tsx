import { useState } from 'preact/hooks'
import type { AccessToken } from '../../client/index.js'
import { useAnswer } from '../api/use-answer.js'
import { place } from '../location.js'
import { texts } from '../texts.js'
import { announce } from './announce.js'
import { Card } from './card.js'
import { Confirm } from './confirm.js'
import { Empty } from './empty.js'
import { Icon } from './icon.js'
import { Pager } from './pager.js'
import { ProblemNote } from './problem-note.js'
import { TokenDialog } from './token-dialog.js'
import { TokenTable } from './token-table.js'

type Open = 'create' | { revoke: AccessToken } | null

/** The account's access tokens: to make, and to revoke. */
export function TokensCard() {
  const t = texts.tokens
  const [open, setOpen] = useState<Open>(null)
  const [changes, setChanges] = useState(0)
  const query = { page: Number(place.value.params.page ?? 1), per_page: 10 }
  const list = useAnswer((api, signal) => api.GET('/developer/tokens', { params: { query }, signal }), [query, changes])
  const caller = useAnswer((api, signal) => api.GET('/auth/me', { signal }), ['me'])
  const changed = () => setChanges((count) => count + 1)
  const isEmpty = list.data?.meta.total === 0
  const create = (
    <button type="button" class="button primary" onClick={() => setOpen('create')}>
      <Icon name="plus" />
      {t.create}
    </button>
  )
  return (
    <Card title={t.title} tools={list.problem === undefined && create}>
      <ProblemNote problem={list.problem} />
      {isEmpty && <Empty {...t.none} />}
      {list.problem === undefined && !isEmpty && (
        <TokenTable
          tokens={list.data?.data}
          isLoading={list.isLoading}
          currentId={caller.data?.data.token.id ?? null}
          onRevoke={(revoke) => setOpen({ revoke })}
        />
      )}
      {list.data !== undefined && !isEmpty && <Pager meta={list.data.meta} label={t.pages} />}
      {open === 'create' && <TokenDialog onClose={() => setOpen(null)} onCreated={changed} />}
      {typeof open === 'object' && open !== null && (
        <Confirm
          title={t.revokeTitle}
          text={t.revokeText(open.revoke.name)}
          action={t.revokeAction}
          call={(api, signal) =>
            api.DELETE('/developer/tokens/{id}', { params: { path: { id: open.revoke.id } }, signal })
          }
          onDone={() => {
            setOpen(null)
            changed()
            announce(t.wasRevoked)
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  )
}
