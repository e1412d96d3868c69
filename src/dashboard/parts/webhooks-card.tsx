import { useState } from 'preact/hooks'
import type { Webhook } from '../../client/index.js'
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
import { WebhookDialog } from './webhook-dialog.js'
import { WebhookTable } from './webhook-table.js'

type Open = { kind: 'create' } | { kind: 'edit' | 'delete'; webhook: Webhook } | null

/** The account's webhooks: to make, to change, to delete, and on to their deliveries. */
export function WebhooksCard() {
  const t = texts.webhooks
  const [open, setOpen] = useState<Open>(null)
  const [changes, setChanges] = useState(0)
  const query = { page: Number(place.value.params.webhooks ?? 1), per_page: 10 }
  const list = useAnswer(
    (api, signal) => api.GET('/developer/webhooks', { params: { query }, signal }),
    [query, changes],
  )
  const changed = (text: string) => {
    setOpen(null)
    setChanges((count) => count + 1)
    announce(text)
  }
  const isEmpty = list.data?.meta.total === 0
  const create = (
    <button type="button" class="button primary" onClick={() => setOpen({ kind: 'create' })}>
      <Icon name="plus" />
      {t.create}
    </button>
  )
  return (
    <Card title={t.title} tools={list.problem === undefined && create}>
      <ProblemNote problem={list.problem} />
      {isEmpty && <Empty {...t.none} />}
      {list.problem === undefined && !isEmpty && (
        <WebhookTable
          webhooks={list.data?.data}
          isLoading={list.isLoading}
          onEdit={(webhook) => setOpen({ kind: 'edit', webhook })}
          onDelete={(webhook) => setOpen({ kind: 'delete', webhook })}
        />
      )}
      {list.data !== undefined && !isEmpty && <Pager meta={list.data.meta} label={t.pages} param="webhooks" />}
      {open?.kind === 'create' && <WebhookDialog onClose={() => setOpen(null)} onSaved={() => changed(t.created)} />}
      {open?.kind === 'edit' && (
        <WebhookDialog webhook={open.webhook} onClose={() => setOpen(null)} onSaved={() => changed(t.saved)} />
      )}
      {open?.kind === 'delete' && (
        <Confirm
          title={t.deleteTitle}
          text={t.deleteText(open.webhook.name)}
          action={t.deleteAction}
          call={(api, signal) =>
            api.DELETE('/developer/webhooks/{id}', { params: { path: { id: open.webhook.id } }, signal })
          }
          onDone={() => changed(t.deleted)}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  )
}
