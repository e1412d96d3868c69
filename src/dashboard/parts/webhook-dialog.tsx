import { useState } from 'preact/hooks'
import type { Webhook } from '../../client/index.js'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import { Dialog } from './dialog.js'
import { TextField } from './field.js'
import { ProblemNote } from './problem-note.js'
import { Tick } from './tick.js'

interface WebhookDialogProps {
  /** Absent: a new one. */
  webhook?: Webhook
  onClose: () => void
  onSaved: () => void
}

/** Makes a webhook, or changes one. */
export function WebhookDialog({ webhook, onClose, onSaved }: WebhookDialogProps) {
  const t = texts.webhooks.form
  const [name, setName] = useState(webhook?.name ?? '')
  const [uri, setUri] = useState(webhook?.uri ?? '')
  const [secret, setSecret] = useState('')
  const [isActive, setActive] = useState(webhook === undefined || webhook.status === 1)
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const status = isActive ? (1 as const) : (0 as const)
    const body = { name: name.trim(), uri: uri.trim(), status, ...(secret !== '' && { secret }) }
    const outcome = await ask<unknown>((api, signal) =>
      webhook === undefined
        ? api.POST('/developer/webhooks', { body, signal })
        : api.PUT('/developer/webhooks/{id}', { params: { path: { id: webhook.id } }, body, signal }),
    )
    setBusy(false)
    if ('problem' in outcome) setProblem(outcome.problem)
    else onSaved()
  }
  const errors = problem?.fields ?? {}
  return (
    <Dialog title={webhook === undefined ? t.createTitle : t.editTitle} onClose={onClose}>
      <form class="form" onSubmit={save} noValidate>
        <TextField
          label={t.name}
          name="name"
          autocomplete="off"
          value={name}
          errors={errors.name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <TextField
          label={t.uri}
          hint={t.uriHint}
          name="uri"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          value={uri}
          errors={errors.uri}
          onInput={(event) => setUri(event.currentTarget.value)}
        />
        <TextField
          label={t.secret}
          hint={webhook?.secret ? t.secretKept : t.secretHint}
          name="secret"
          autocomplete="off"
          spellcheck={false}
          value={secret}
          errors={errors.secret}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
        <Tick label={t.active} hint={t.activeHint} isOn={isActive} onTurn={setActive} />
        {problem !== undefined && Object.keys(problem.fields).length === 0 && <ProblemNote problem={problem} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {webhook === undefined ? t.create : t.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
