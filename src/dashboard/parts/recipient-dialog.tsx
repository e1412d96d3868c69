import { useState } from 'preact/hooks'
import type { Recipient } from '../../client/index.js'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import { announce } from './announce.js'
import { CopyButton } from './copy-button.js'
import { Dialog } from './dialog.js'
import { TextField } from './field.js'
import { ProblemNote } from './problem-note.js'

interface RecipientDialogProps {
  linkId: number
  onClose: () => void
  onAdded: () => void
}

/** Gives one person a short URL, and shows it. */
export function RecipientDialog({ linkId, onClose, onAdded }: RecipientDialogProps) {
  const t = texts.recipients.form
  const [mobile, setMobile] = useState('')
  const [messageId, setMessageId] = useState('')
  const [made, setMade] = useState<Recipient>()
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const recipients = [{ mobile: mobile.trim(), message_id: messageId.trim() || null }]
    const params = { path: { id: linkId } }
    const outcome = await ask((api, signal) =>
      api.POST('/link/urls/{id}/recipients', { params, body: { recipients }, signal }),
    )
    setBusy(false)
    if ('problem' in outcome) return setProblem(outcome.problem)
    setProblem(undefined)
    setMade(outcome.data.data[0])
    announce(texts.recipients.added)
    onAdded()
  }
  const another = () => {
    setMade(undefined)
    setMobile('')
    setMessageId('')
  }
  const errors = (field: string) => problem?.fields[`recipients.0.${field}`]
  return (
    <Dialog title={t.title} onClose={onClose}>
      {made === undefined ? (
        <form class="form" onSubmit={save} noValidate>
          <TextField
            label={t.mobile}
            hint={t.mobileHint}
            type="tel"
            name="mobile"
            autocomplete="off"
            value={mobile}
            errors={errors('mobile')}
            onInput={(event) => setMobile(event.currentTarget.value)}
          />
          <TextField
            label={t.messageId}
            hint={t.messageIdHint}
            name="message_id"
            autocomplete="off"
            value={messageId}
            errors={errors('message_id')}
            onInput={(event) => setMessageId(event.currentTarget.value)}
          />
          {problem !== undefined && Object.keys(problem.fields).length === 0 && <ProblemNote problem={problem} />}
          <footer class="dialog-foot">
            <button type="button" class="button" onClick={onClose}>
              {texts.cancel}
            </button>
            <button type="submit" class="button primary" disabled={isBusy || mobile.trim() === ''}>
              {t.save}
            </button>
          </footer>
        </form>
      ) : (
        <>
          <p>{t.made}</p>
          <pre class="code">{made.short_url}</pre>
          <footer class="dialog-foot">
            <button type="button" class="button" onClick={another}>
              {t.another}
            </button>
            <CopyButton text={made.short_url ?? ''} label={texts.recipients.copy} isWide />
          </footer>
        </>
      )}
    </Dialog>
  )
}
