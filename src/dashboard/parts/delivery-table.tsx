import type { components } from '../../client/index.js'
import { hrefOf } from '../location.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { Ago } from './ago.js'
import { SkeletonRows } from './skeleton.js'

export type Delivery = components['schemas']['WebhookDelivery']

interface DeliveryTableProps {
  deliveries: Delivery[] | undefined
  isLoading: boolean
  onShow: (delivery: Delivery) => void
  onReplay: (delivery: Delivery) => void
}

const looks = { pending: 'mark', delivered: 'mark good', parked: 'mark bad' }

export function DeliveryTable({ deliveries, isLoading, ...actions }: DeliveryTableProps) {
  const { columns } = texts.deliveries
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table stacked">
        <thead>
          <tr>
            <th>{columns.visit}</th>
            <th>{columns.state}</th>
            <th class="count">{columns.attempts}</th>
            <th>{columns.answer}</th>
            <th>{columns.at}</th>
            <th class="actions">{columns.actions}</th>
          </tr>
        </thead>
        {deliveries === undefined ? (
          <SkeletonRows rows={8} columns={6} />
        ) : (
          <tbody>
            {deliveries.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} {...actions} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

function DeliveryRow({
  delivery,
  onShow,
  onReplay,
}: Pick<DeliveryTableProps, 'onShow' | 'onReplay'> & { delivery: Delivery }) {
  const { columns, ...t } = texts.deliveries
  const { link_id, seq, state, attempts, last_status, last_error, last_attempt_at } = delivery
  const name = `${t.link(link_id)}, ${t.visit(formatNumber(seq))}`
  return (
    <tr>
      <td class="main">
        <a href={hrefOf(['links', link_id])}>{t.link(link_id)}</a>{' '}
        <span class="soft">{t.visit(formatNumber(seq))}</span>
      </td>
      <td data-label={columns.state}>
        <span class={looks[state]}>{t.states[state]}</span>
      </td>
      <td class="count" data-label={columns.attempts}>
        {formatNumber(attempts)}
      </td>
      <td data-label={columns.answer}>{last_status ?? last_error ?? <span class="soft">{t.noAnswer}</span>}</td>
      <td data-label={columns.at}>
        {last_attempt_at === null ? <span class="soft">{t.notYet}</span> : <Ago wall={last_attempt_at} />}
      </td>
      <td class="actions">
        {state !== 'delivered' && (
          <button
            type="button"
            class="button small"
            aria-label={`${t.replay}: ${name}`}
            onClick={() => onReplay(delivery)}
          >
            {t.replay}
          </button>
        )}
        <button
          type="button"
          class="button small"
          aria-label={`${t.details}: ${name}`}
          onClick={() => onShow(delivery)}
        >
          {t.details}
        </button>
      </td>
    </tr>
  )
}
