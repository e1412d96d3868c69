import type { Recipient } from '../../client/index.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { Ago } from './ago.js'
import { CopyButton } from './copy-button.js'
import { SkeletonRows } from './skeleton.js'

interface RecipientTableProps {
  recipients: Recipient[] | undefined
  isLoading: boolean
}

export function RecipientTable({ recipients, isLoading }: RecipientTableProps) {
  const { columns } = texts.recipients
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table stacked">
        <thead>
          <tr>
            <th>{columns.mobile}</th>
            <th>{columns.messageId}</th>
            <th>{columns.shortUrl}</th>
            <th class="count">{columns.visits}</th>
            <th>{columns.first}</th>
            <th>{columns.last}</th>
          </tr>
        </thead>
        {recipients === undefined ? (
          <SkeletonRows rows={8} columns={6} />
        ) : (
          <tbody>
            {recipients.map((recipient) => (
              <RecipientRow key={recipient.id} recipient={recipient} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

function RecipientRow({ recipient }: { recipient: Recipient }) {
  const { columns, copy, notYet, none, bots, erased } = texts.recipients
  const { mobile, message_id, short_url, visits, human_visits, first_visit, last_visit } = recipient
  const byBots = visits - human_visits
  return (
    <tr>
      <td class="mono strong" data-label={columns.mobile}>
        {short_url === null && mobile === null ? <span class="mark">{erased}</span> : (mobile ?? none)}
      </td>
      <td class="mono id-text" data-label={columns.messageId}>
        <span>{message_id ?? none}</span>
      </td>
      <td data-label={columns.shortUrl}>
        {short_url === null ? (
          <span class="soft">{none}</span>
        ) : (
          <span class="short-url">
            <a href={short_url} target="_blank" rel="noreferrer">
              {short_url.replace(/^https?:\/\//, '')}
            </a>
            <CopyButton text={short_url} label={copy} />
          </span>
        )}
      </td>
      <td class="count" data-label={columns.visits}>
        <span>
          {byBots > 0 && <span class="aside">{bots(formatNumber(byBots))} </span>}
          {formatNumber(human_visits)}
        </span>
      </td>
      <td data-label={columns.first}>
        {first_visit === null ? <span class="mark">{notYet}</span> : <Ago wall={first_visit} />}
      </td>
      <td data-label={columns.last}>
        {last_visit === null ? <span class="soft">{none}</span> : <Ago wall={last_visit} />}
      </td>
    </tr>
  )
}
