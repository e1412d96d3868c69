import { formatExactTime } from '../format.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import type { Delivery } from './delivery-table.js'
import { Dialog } from './dialog.js'
import { Icon } from './icon.js'

interface DeliveryDialogProps {
  delivery: Delivery
  onClose: () => void
  onReplay: () => void
}

/** All that is known of one delivery. */
export function DeliveryDialog({ delivery, onClose, onReplay }: DeliveryDialogProps) {
  const { detail, states, noAnswer, notYet, link, replay } = texts.deliveries
  const time = (text: string | null) => (text === null ? null : formatExactTime(new Date(text)))
  const facts: [string, string | null][] = [
    [detail.id, delivery.id],
    [detail.link, link(delivery.link_id)],
    [detail.seq, formatNumber(delivery.seq)],
    [detail.state, states[delivery.state]],
    [detail.attempts, formatNumber(delivery.attempts)],
    [detail.created, time(delivery.created_at)],
    [detail.last, time(delivery.last_attempt_at) ?? notYet],
    [detail.status, delivery.last_status === null ? noAnswer : String(delivery.last_status)],
    [detail.error, delivery.last_error],
    [detail.next, time(delivery.next_attempt_at)],
  ]
  return (
    <Dialog title={detail.title} onClose={onClose}>
      <dl class="delivery-facts">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <footer class="dialog-foot">
        <button type="button" class="button primary" onClick={onReplay}>
          <Icon name="replay" />
          {replay}
        </button>
      </footer>
    </Dialog>
  )
}
