import { useState } from 'preact/hooks'
import type { Link } from '../../client/index.js'
import { hrefOf } from '../location.js'
import { texts } from '../texts.js'
import { announce } from './announce.js'
import { CopyButton } from './copy-button.js'
import { Icon } from './icon.js'
import { LinkDialog } from './link-dialog.js'
import { QrDialog } from './qr-dialog.js'
import { Title } from './title.js'

interface LinkHeadProps {
  id: number
  /** undefined: on its way, or not to be had. */
  link: Link | undefined
  isMissing: boolean
  onSaved: () => void
}

/** What a link is called, where it is, where it leads, and what can be done with it. */
export function LinkHead({ id, link, isMissing, onSaved }: LinkHeadProps) {
  const [open, setOpen] = useState<'edit' | 'qr' | null>(null)
  const saved = () => {
    setOpen(null)
    onSaved()
    announce(texts.links.saved)
  }
  return (
    <div class="link-head">
      <a class="back" href={hrefOf(['links'])}>
        <Icon name="back" />
        {texts.nav.links}
      </a>
      <Title text={link === undefined ? texts.visits.linkName(String(id)) : link.title || withoutScheme(link.long_url)}>
        {link !== undefined && (
          <>
            {link.is_advanced === 1 && (
              <a class="button" href={hrefOf(['links', id, 'recipients'])}>
                <Icon name="people" />
                {texts.recipients.title}
              </a>
            )}
            <button type="button" class="button" onClick={() => setOpen('qr')}>
              <Icon name="qr" />
              {texts.links.qr}
            </button>
            <button type="button" class="button" onClick={() => setOpen('edit')}>
              <Icon name="edit" />
              {texts.links.edit}
            </button>
          </>
        )}
      </Title>
      <p class="link-facts">
        {link === undefined ? (
          !isMissing && <span class="skeleton line" />
        ) : (
          <>
            <span class="short-url">
              <a href={link.short_url} target="_blank" rel="noreferrer">
                {withoutScheme(link.short_url)}
              </a>
              <CopyButton text={link.short_url} label={texts.links.copy} />
            </span>
            <span class="link-target soft" title={link.long_url}>
              {texts.link.leadsTo(withoutScheme(link.long_url))}
            </span>
            <span class="row-marks">
              {link.status !== 1 && <span class="mark">{texts.links.inactive}</span>}
              {link.is_advanced === 1 && <span class="mark">{texts.links.tracked}</span>}
              {link.tags?.map((tag) => (
                <span key={tag} class="mark tag">
                  {tag}
                </span>
              ))}
            </span>
          </>
        )}
      </p>
      {link !== undefined && open === 'qr' && <QrDialog link={link} onClose={() => setOpen(null)} />}
      {link !== undefined && open === 'edit' && (
        <LinkDialog link={link} onClose={() => setOpen(null)} onSaved={saved} />
      )}
    </div>
  )
}

const withoutScheme = (url: string) => url.replace(/^https?:\/\/(www\.)?/, '')
