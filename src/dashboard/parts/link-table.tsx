import type { Link } from '../../client/index.js'
import { formatAgo, formatExactTime, instantOfWall } from '../format.js'
import { hrefOf } from '../location.js'
import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'
import { CopyButton } from './copy-button.js'
import { Icon, type IconName } from './icon.js'
import { SkeletonRows } from './skeleton.js'

interface LinkTableProps {
  links: Link[] | undefined
  isLoading: boolean
  onEdit: (link: Link) => void
  onQr: (link: Link) => void
  onDelete: (link: Link) => void
}

export function LinkTable({ links, isLoading, ...actions }: LinkTableProps) {
  const { columns } = texts.links
  return (
    <div class="table-frame" aria-busy={isLoading}>
      <table class="table links-table">
        <thead>
          <tr>
            <th>{columns.link}</th>
            <th>{columns.shortUrl}</th>
            <th class="count">{columns.visits}</th>
            <th>{columns.lastVisited}</th>
            <th class="actions">{columns.actions}</th>
          </tr>
        </thead>
        {links === undefined ? (
          <SkeletonRows rows={8} columns={5} />
        ) : (
          <tbody>
            {links.map((link) => (
              <LinkRow key={link.id} link={link} {...actions} />
            ))}
          </tbody>
        )}
      </table>
    </div>
  )
}

function LinkRow({ link, onEdit, onQr, onDelete }: Omit<LinkTableProps, 'links' | 'isLoading'> & { link: Link }) {
  const name = link.title || withoutScheme(link.long_url)
  const last = link.last_visited === null ? null : instantOfWall(link.last_visited)
  const action = (icon: IconName, text: string, act: (link: Link) => void) => (
    <button type="button" class="icon-button" onClick={() => act(link)} title={text} aria-label={`${text}: ${name}`}>
      <Icon name={icon} />
    </button>
  )
  return (
    <tr>
      <td class="main">
        <a class="row-title" href={hrefOf(['links', link.id])}>
          {name}
        </a>
        <span class="row-marks">
          {link.status !== 1 && <span class="mark">{texts.links.inactive}</span>}
          {link.is_advanced === 1 && <span class="mark">{texts.links.tracked}</span>}
          {link.tags?.map((tag) => (
            <span key={tag} class="mark tag">
              {tag}
            </span>
          ))}
        </span>
        <span class="row-note" title={link.long_url}>
          {withoutScheme(link.long_url)}
        </span>
      </td>
      <td data-label={texts.links.columns.shortUrl}>
        <span class="short-url">
          <a href={link.short_url} target="_blank" rel="noreferrer">
            {withoutScheme(link.short_url)}
          </a>
          <CopyButton text={link.short_url} label={texts.links.copy} />
        </span>
      </td>
      <td class="count" data-label={texts.links.columns.visits}>
        {formatNumber(link.visits)}
      </td>
      <td data-label={texts.links.columns.lastVisited}>
        {last === null ? (
          <span class="soft">{texts.links.never}</span>
        ) : (
          <time dateTime={last.toISOString()} title={formatExactTime(last)}>
            {formatAgo(last)}
          </time>
        )}
      </td>
      <td class="actions">
        {link.is_advanced === 1 && (
          <a
            class="icon-button"
            href={hrefOf(['links', link.id, 'recipients'])}
            title={texts.recipients.title}
            aria-label={`${texts.recipients.title}: ${name}`}
          >
            <Icon name="people" />
          </a>
        )}
        {action('qr', texts.links.qr, onQr)}
        {action('edit', texts.links.edit, onEdit)}
        {action('trash', texts.links.delete, onDelete)}
      </td>
    </tr>
  )
}

const withoutScheme = (url: string) => url.replace(/^https?:\/\/(www\.)?/, '')
