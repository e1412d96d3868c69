import { useState } from 'preact/hooks'
import { ask, type Call } from '../api/ask.js'
import { useAnswer } from '../api/use-answer.js'
import { go, hrefOf, hrefWith, place } from '../location.js'
import { formatNumber } from '../numbers.js'
import { announce } from '../parts/announce.js'
import { BackLink } from '../parts/back-link.js'
import { Choice } from '../parts/choice.js'
import { DeliveryDialog } from '../parts/delivery-dialog.js'
import { type Delivery, DeliveryTable } from '../parts/delivery-table.js'
import { Empty } from '../parts/empty.js'
import { Icon } from '../parts/icon.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Title } from '../parts/title.js'
import { texts } from '../texts.js'

const states = ['pending', 'delivered', 'parked'] as const
const perStep = 25
const most = 1000

/** What became of telling a webhook of visits, and telling it again. */
export function DeliveriesPage({ webhookId }: { webhookId: string }) {
  const t = texts.deliveries
  const state = states.find((one) => one === place.value.params.state)
  const [limit, setLimit] = useState(perStep)
  const [changes, setChanges] = useState(0)
  const [shown, setShown] = useState<Delivery | null>(null)
  const path = { id: webhookId }
  const query = { limit, ...(state !== undefined && { filter: { state } }) }
  const webhook = useAnswer((api, signal) => api.GET('/developer/webhooks/{id}', { params: { path }, signal }), [path])
  const list = useAnswer(
    (api, signal) => api.GET('/developer/webhooks/{id}/deliveries', { params: { path, query }, signal }),
    [path, query, changes],
  )
  const refresh = () => setChanges((count) => count + 1)
  const act = async <T,>(call: Call<T>, said: (data: T) => string) => {
    const outcome = await ask(call)
    if ('problem' in outcome) return announce(outcome.problem.message, true)
    setShown(null)
    refresh()
    announce(said(outcome.data))
  }
  const replay = ({ id: delivery }: Delivery) =>
    act(
      (api, signal) =>
        api.POST('/developer/webhooks/{id}/deliveries/{delivery}/replay', {
          params: { path: { ...path, delivery } },
          signal,
        }),
      () => t.replayed,
    )
  const replayAll = () =>
    act(
      (api, signal) => api.POST('/developer/webhooks/{id}/deliveries/replay', { params: { path }, signal }),
      ({ data }) => t.replayedAll(formatNumber(data.replayed)),
    )
  const name = webhook.data?.data.name
  const isEmpty = list.data?.data.length === 0
  return (
    <>
      <BackLink href={hrefOf(['developer'])} text={t.back} />
      <Title text={name === undefined ? t.plain : t.title(name)}>
        <button type="button" class="button" onClick={refresh}>
          <Icon name="replay" />
          {t.refresh}
        </button>
      </Title>
      {webhook.data && <p class="soft breaking">{webhook.data.data.uri}</p>}
      <ProblemNote problem={list.problem} />
      <div class="toolbar spread">
        <Choice
          label={t.choice}
          options={[{ value: '', text: t.all }, ...states.map((value) => ({ value, text: t.states[value] }))]}
          value={state ?? ''}
          onChoose={(value) => go(hrefWith({ state: value }))}
        />
        {state === 'parked' && !isEmpty && (
          <button type="button" class="button" onClick={replayAll}>
            {t.replayAll}
          </button>
        )}
      </div>
      {isEmpty && <Empty {...(state === undefined ? t.none : t.noneFound)} />}
      {!isEmpty && list.problem === undefined && (
        <DeliveryTable deliveries={list.data?.data} isLoading={list.isLoading} onShow={setShown} onReplay={replay} />
      )}
      {list.data?.meta.next_cursor != null && limit < most && (
        <button type="button" class="button" onClick={() => setLimit(Math.min(most, limit * 2))}>
          {t.more}
        </button>
      )}
      {shown !== null && (
        <DeliveryDialog delivery={shown} onClose={() => setShown(null)} onReplay={() => replay(shown)} />
      )}
    </>
  )
}
