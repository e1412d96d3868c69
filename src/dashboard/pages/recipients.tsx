import { useState } from 'preact/hooks'
import { useLive } from '../api/live.js'
import { useAnswer } from '../api/use-answer.js'
import { usePulse } from '../api/use-pulse.js'
import { go, hrefOf, hrefWith, place } from '../location.js'
import { formatNumber, formatShare } from '../numbers.js'
import { BackLink } from '../parts/back-link.js'
import { Choice } from '../parts/choice.js'
import { Empty } from '../parts/empty.js'
import { Icon } from '../parts/icon.js'
import { Meter } from '../parts/meter.js'
import { Pager } from '../parts/pager.js'
import { ProblemNote } from '../parts/problem-note.js'
import { RecipientDialog } from '../parts/recipient-dialog.js'
import { RecipientTable } from '../parts/recipient-table.js'
import { Title } from '../parts/title.js'
import { UploadDialog } from '../parts/upload-dialog.js'
import { texts } from '../texts.js'

const refreshMs = 2_000

/** Who a link was sent to, and who of them has opened it. */
export function RecipientsPage({ linkId }: { linkId: number }) {
  const { opened = '', page = '1' } = place.value.params
  const [open, setOpen] = useState<'add' | 'upload' | null>(null)
  const [changes, setChanges] = useState(0)
  const [pulse, beat] = usePulse(refreshMs)
  useLive(`/link/urls/${linkId}/visits/stream`, { onVisit: beat, onOutdated: beat })
  const path = { id: linkId }
  const link = useAnswer((api, signal) => api.GET('/link/urls/{id}', { params: { path }, signal }), [linkId])
  const visited = opened === '1' ? '1' : opened === '0' ? '0' : null
  const query = { page: Number(page), per_page: 25, ...(visited !== null && { filter: { visited } as const }) }
  const list = useAnswer(
    (api, signal) => api.GET('/link/urls/{id}/recipients', { params: { path, query }, signal }),
    [linkId, query, changes],
    { pulse },
  )
  const reached = useCount(linkId, '1', changes, pulse)
  const waiting = useCount(linkId, '0', changes, pulse)
  const all = reached === undefined || waiting === undefined ? undefined : reached + waiting
  const shown = (count: number | undefined) => (count === undefined ? '' : formatNumber(count))
  const isEmpty = list.data?.data.length === 0 && list.data.meta.total === 0
  const buttons = (
    <>
      <button type="button" class="button" onClick={() => setOpen('add')}>
        <Icon name="plus" />
        {texts.recipients.add}
      </button>
      <button type="button" class="button primary" onClick={() => setOpen('upload')}>
        <Icon name="upload" />
        {texts.recipients.upload}
      </button>
    </>
  )
  const name = link.data && (link.data.data.title || link.data.data.long_url)
  return (
    <>
      <BackLink href={hrefOf(['links', linkId])} text={texts.recipients.back} />
      <Title text={name ? texts.recipients.titleOf(name) : texts.recipients.title}>{buttons}</Title>
      <ProblemNote problem={list.problem} />
      {all !== undefined && all > 0 && (
        <div class="toolbar spread">
          <Choice
            label={texts.recipients.choice}
            options={[
              { value: '', text: texts.recipients.all(shown(all)) },
              { value: '1', text: texts.recipients.opened(shown(reached)) },
              { value: '0', text: texts.recipients.notOpened(shown(waiting)) },
            ]}
            value={visited ?? ''}
            onChoose={(value) => go(hrefWith({ opened: value }))}
          />
          <Meter
            part={reached ?? 0}
            whole={all}
            text={texts.recipients.reached(shown(reached), shown(all), formatShare(reached ?? 0, all))}
          />
        </div>
      )}
      {isEmpty && visited === null && (
        <Empty {...texts.recipients.empty}>
          <div class="button-row">{buttons}</div>
        </Empty>
      )}
      {isEmpty && visited !== null && (
        <Empty {...(visited === '1' ? texts.recipients.noneOpened : texts.recipients.allOpened)}>
          <a class="button" href={hrefWith({ opened: undefined })}>
            {texts.recipients.showAll}
          </a>
        </Empty>
      )}
      {!isEmpty && !list.isMissing && <RecipientTable recipients={list.data?.data} isLoading={list.isLoading} />}
      {list.data !== undefined && !isEmpty && <Pager meta={list.data.meta} label={texts.recipients.pages} />}
      {open === 'add' && (
        <RecipientDialog
          linkId={linkId}
          onClose={() => setOpen(null)}
          onAdded={() => setChanges((count) => count + 1)}
        />
      )}
      {open === 'upload' && (
        <UploadDialog linkId={linkId} onClose={() => setOpen(null)} onSent={() => setChanges((count) => count + 1)} />
      )}
    </>
  )
}

function useCount(linkId: number, visited: '0' | '1', changes: number, pulse: number): number | undefined {
  const params = { path: { id: linkId }, query: { per_page: 1, filter: { visited } } }
  const answer = useAnswer(
    (api, signal) => api.GET('/link/urls/{id}/recipients', { params, signal }),
    [linkId, visited, changes],
    { pulse },
  )
  return answer.data?.meta.total
}
