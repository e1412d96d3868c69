import { useState } from 'preact/hooks'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import { CopyButton } from './copy-button.js'
import { Dialog } from './dialog.js'
import { Field, TextField } from './field.js'
import { ProblemNote } from './problem-note.js'
import { Tick } from './tick.js'

type Scope = keyof typeof texts.tokens.scopes
const scopes = Object.keys(texts.tokens.scopes) as Scope[]
const dayMs = 86_400_000
const lifetimesDays = ['7', '30', '90', '365', '0']

interface TokenDialogProps {
  onClose: () => void
  onCreated: () => void
}

/** Makes an access token, and shows it once. */
export function TokenDialog({ onClose, onCreated }: TokenDialogProps) {
  const t = texts.tokens.form
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Scope[]>(['visits:read', 'links:read'])
  const [days, setDays] = useState('90')
  const [ips, setIps] = useState('')
  const [made, setMade] = useState<string>()
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const body = {
      name: name.trim(),
      scopes: chosen,
      allowed_ips: ips.trim() || null,
      expires_at: days === '0' ? null : new Date(Date.now() + Number(days) * dayMs).toISOString(),
    }
    const outcome = await ask((api, signal) => api.POST('/developer/tokens', { body, signal }))
    setBusy(false)
    if ('problem' in outcome) return setProblem(outcome.problem)
    setMade(outcome.data.data.access_token)
    onCreated()
  }
  if (made !== undefined) return <MadeToken token={made} onClose={onClose} />
  const {
    scopes: scopeErrors = [],
    name: nameErrors,
    allowed_ips: ipErrors,
    expires_at: timeErrors,
  } = problem?.fields ?? {}
  return (
    <Dialog title={t.title} onClose={onClose}>
      <form class="form" onSubmit={save} noValidate>
        <TextField
          label={t.name}
          hint={t.nameHint}
          name="name"
          autocomplete="off"
          value={name}
          errors={nameErrors}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <fieldset class="form ticks">
          <legend class="group-label">{t.scopes}</legend>
          {scopes.map((scope) => (
            <Tick
              key={scope}
              label={scope}
              hint={texts.tokens.scopes[scope]}
              isOn={chosen.includes(scope)}
              onTurn={(isOn) => setChosen(scopes.filter((one) => (one === scope ? isOn : chosen.includes(one))))}
            />
          ))}
          {scopeErrors.length > 0 && (
            <p class="error" role="alert">
              {scopeErrors.join(' ')}
            </p>
          )}
        </fieldset>
        <Field label={t.expires} errors={timeErrors}>
          {(attributes) => (
            <select {...attributes} value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              {lifetimesDays.map((one) => (
                <option key={one} value={one}>
                  {t.expiresIn[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label={t.ips}
          hint={t.ipsHint}
          name="ips"
          autocomplete="off"
          spellcheck={false}
          value={ips}
          errors={ipErrors}
          onInput={(event) => setIps(event.currentTarget.value)}
        />
        {problem !== undefined && Object.keys(problem.fields).length === 0 && <ProblemNote problem={problem} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="button primary" disabled={isBusy || name.trim() === '' || chosen.length === 0}>
            {t.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function MadeToken({ token, onClose }: { token: string; onClose: () => void }) {
  const { made } = texts.tokens
  return (
    <Dialog title={made.title} onClose={onClose}>
      <p>{made.text}</p>
      <pre class="code">{token}</pre>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {made.done}
        </button>
        <CopyButton text={token} label={made.copy} isWide />
      </footer>
    </Dialog>
  )
}
