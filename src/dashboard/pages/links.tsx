import { useState } from 'preact/hooks'
import type { Link } from '../../client/index.js'
import { useAnswer } from '../api/use-answer.js'
import { go, hrefOf, hrefWith, place } from '../location.js'
import { announce } from '../parts/announce.js'
import { Choice } from '../parts/choice.js'
import { Confirm } from '../parts/confirm.js'
import { Empty } from '../parts/empty.js'
import { Icon } from '../parts/icon.js'
import { LinkDialog } from '../parts/link-dialog.js'
import { LinkTable } from '../parts/link-table.js'
import { Pager } from '../parts/pager.js'
import { ProblemNote } from '../parts/problem-note.js'
import { QrDialog } from '../parts/qr-dialog.js'
import { SearchBox } from '../parts/search-box.js'
import { Title } from '../parts/title.js'
import { texts } from '../texts.js'

type Open = { kind: 'create' } | { kind: 'edit' | 'qr' | 'delete'; link: Link } | null

const states = [
  { value: '', text: texts.links.all },
  { value: '1', text: texts.links.active },
  { value: '0', text: texts.links.inactive },
] as const

/** All links of the account: to search, to make and to change. */
export function LinksPage() {
  const { search = '', status = '', page = '1' } = place.value.params
  const [open, setOpen] = useState<Open>(null)
  const [changes, setChanges] = useState(0)
  const query = {
    page: Number(page),
    per_page: 25,
    include: 'settings' as const,
    ...(search !== '' && { search }),
    ...((status === '0' || status === '1') && { filter: { status: status as '0' | '1' } }),
  }
  const links = useAnswer((api, signal) => api.GET('/link/urls', { params: { query }, signal }), [query, changes])
  const changed = (text: string) => {
    setOpen(null)
    setChanges((count) => count + 1)
    announce(text)
  }
  const isChosen = search !== '' || status !== ''
  const isEmpty = links.data?.meta.total === 0
  return (
    <>
      <Title text={texts.links.title}>
        <button type="button" class="button primary" onClick={() => setOpen({ kind: 'create' })}>
          <Icon name="plus" />
          {texts.links.create}
        </button>
      </Title>
      <div class="toolbar">
        <SearchBox name="search" label={texts.links.search} />
        <Choice
          label={texts.links.status}
          options={states}
          value={states.find(({ value }) => value === status)?.value ?? ''}
          onChoose={(value) => go(hrefWith({ status: value }))}
        />
      </div>
      <ProblemNote problem={links.problem} />
      {isEmpty && !isChosen && (
        <Empty {...texts.links.none}>
          <button type="button" class="button primary" onClick={() => setOpen({ kind: 'create' })}>
            {texts.links.createFirst}
          </button>
        </Empty>
      )}
      {isEmpty && isChosen && (
        <Empty {...texts.links.noneFound}>
          <a class="button" href={hrefOf(['links'])}>
            {texts.links.showAll}
          </a>
        </Empty>
      )}
      {!isEmpty && !links.isMissing && (
        <LinkTable
          links={links.data?.data}
          isLoading={links.isLoading}
          onEdit={(link) => setOpen({ kind: 'edit', link })}
          onQr={(link) => setOpen({ kind: 'qr', link })}
          onDelete={(link) => setOpen({ kind: 'delete', link })}
        />
      )}
      {links.data !== undefined && !isEmpty && <Pager meta={links.data.meta} label={texts.links.pages} />}
      {open?.kind === 'create' && (
        <LinkDialog onClose={() => setOpen(null)} onSaved={() => changed(texts.links.created)} />
      )}
      {open?.kind === 'edit' && (
        <LinkDialog link={open.link} onClose={() => setOpen(null)} onSaved={() => changed(texts.links.saved)} />
      )}
      {open?.kind === 'qr' && <QrDialog link={open.link} onClose={() => setOpen(null)} />}
      {open?.kind === 'delete' && (
        <Confirm
          title={texts.links.deleteTitle}
          text={texts.links.deleteText(open.link.title || open.link.short_url)}
          action={texts.links.deleteAction}
          call={(api, signal) => api.DELETE('/link/urls/{id}', { params: { path: { id: open.link.id } }, signal })}
          onDone={() => changed(texts.links.deleted)}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}
