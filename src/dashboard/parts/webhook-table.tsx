import type { Webhook } from '../../client/index.js'
import { hrefOf } from '../location.js'
import { texts } from '../texts.js'
import { Ago } from './ago.js'
import { Icon } from './icon.js'
import { SkeletonRows } from './skeleton.js'

interface WebhookTableProps {
  webhooks: Webhook[] | undefined
  isLoading: boolean
  onEdit: (webhook: Webhook) => void
  onDelete: (webhook: Webhook) => void
}

export function WebhookTable({ webhooks, isLoading, onEdit, onDelete }: WebhookTableProps) {
  const { columns, ...t } = texts.webhooks
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table stacked">
        <thead>
          <tr>
            <th>{columns.name}</th>
            <th>{columns.status}</th>
            <th>{columns.changed}</th>
            <th class="actions">{columns.actions}</th>
          </tr>
        </thead>
        {webhooks === undefined ? (
          <SkeletonRows rows={2} columns={4} />
        ) : (
          <tbody>
            {webhooks.map((webhook) => (
              <tr key={webhook.id}>
                <td class="main">
                  <a class="row-title" href={deliveriesOf(webhook)}>
                    {webhook.name}
                  </a>
                  <span class="row-note" title={webhook.uri}>
                    {webhook.uri}
                  </span>
                </td>
                <td data-label={columns.status}>
                  <span class={webhook.status === 1 ? 'mark good' : 'mark'}>
                    {webhook.status === 1 ? t.active : t.inactive}
                  </span>
                </td>
                <td data-label={columns.changed}>
                  <Ago wall={webhook.updated_at} />
                </td>
                <td class="actions">
                  <a class="button small" href={deliveriesOf(webhook)} aria-label={`${t.deliveries}: ${webhook.name}`}>
                    {t.deliveries}
                  </a>
                  <button
                    type="button"
                    class="icon-button"
                    title={t.edit}
                    aria-label={`${t.edit}: ${webhook.name}`}
                    onClick={() => onEdit(webhook)}
                  >
                    <Icon name="edit" />
                  </button>
                  <button
                    type="button"
                    class="icon-button"
                    title={t.delete}
                    aria-label={`${t.delete}: ${webhook.name}`}
                    onClick={() => onDelete(webhook)}
                  >
                    <Icon name="trash" />
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

const deliveriesOf = ({ id }: Webhook) => hrefOf(['developer', 'webhooks', id])
