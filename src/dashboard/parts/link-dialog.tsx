import type { TargetedEvent } from 'preact'
import { useState } from 'preact/hooks'
import type { Link } from '../../client/index.js'
import { ask } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import { Dialog } from './dialog.js'
import { Field, TextField } from './field.js'
import { fieldsOf, formOf, halfFilled, type LinkForm } from './link-form.js'
import { ProblemNote } from './problem-note.js'
import { Tick } from './tick.js'
import { WebhookField } from './webhook-field.js'

interface LinkDialogProps {
  /** Absent: a new one. */
  link?: Link
  onClose: () => void
  onSaved: () => void
}

const redirects = ['302', '301', '303', '307', '308']

/** Makes a link, or changes one. */
export function LinkDialog({ link, onClose, onSaved }: LinkDialogProps) {
  const [before] = useState<LinkForm>(() => formOf(link))
  const [form, setForm] = useState(before)
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const t = texts.linkForm
  const refuse = (fields: Problem['fields']) => setProblem({ status: 422, message: t.wrong, fields })
  const save = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault()
    const half = halfFilled(event.currentTarget)
    const read = fieldsOf(form, before)
    if ('errors' in read) return refuse({ ...half, ...read.errors })
    if (Object.keys(half).length > 0) return refuse(half)
    setBusy(true)
    const outcome = await ask<unknown>((api, signal) =>
      link === undefined
        ? api.POST('/link/urls', { body: read.fields, signal })
        : api.PUT('/link/urls/{id}', { params: { path: { id: link.id } }, body: read.fields, signal }),
    )
    setBusy(false)
    if ('problem' in outcome) setProblem(outcome.problem)
    else onSaved()
  }
  const text = (name: keyof LinkForm) => ({
    label: t.labels[name],
    value: String(form[name]),
    name,
    errors: errorsOf(problem, name),
    onInput: (event: { currentTarget: { value: string } }) => setForm({ ...form, [name]: event.currentTarget.value }),
  })
  const tick = (name: 'is_advanced' | 'status' | 'forward_query') => ({
    label: t.labels[name],
    hint: t.hints[name],
    isOn: form[name],
    onTurn: (isOn: boolean) => setForm({ ...form, [name]: isOn }),
  })
  return (
    <Dialog title={link === undefined ? t.createTitle : t.editTitle} onClose={onClose}>
      <form class="form" onSubmit={save} noValidate>
        <TextField {...text('long_url')} hint={t.hints.long_url} inputMode="url" spellcheck={false} required />
        <TextField {...text('title')} />
        <TextField {...text('slug')} hint={t.hints.slug} spellcheck={false} />
        <Tick {...tick('is_advanced')} />
        <Tick {...tick('status')} />
        <details open={problem !== undefined && hasHidden(problem)}>
          <summary>{t.more}</summary>
          <div class="form">
            <TextField {...text('tags')} hint={t.hints.tags} />
            <div class="pair">
              <TextField {...text('expires_at')} type="datetime-local" max="9999-12-31T23:59" />
              <TextField {...text('max_visits')} inputMode="numeric" hint={t.hints.max_visits} />
            </div>
            <TextField {...text('fallback_url')} hint={t.hints.fallback_url} inputMode="url" spellcheck={false} />
            <WebhookField
              value={form.webhook_id}
              errors={errorsOf(problem, 'webhook_id')}
              onChoose={(webhook_id) => setForm({ ...form, webhook_id })}
            />
            <Field label={t.labels.redirect_status} errors={errorsOf(problem, 'redirect_status')}>
              {(attributes) => (
                <select
                  {...attributes}
                  value={form.redirect_status}
                  onChange={(event) => setForm({ ...form, redirect_status: event.currentTarget.value })}
                >
                  {redirects.map((status) => (
                    <option key={status} value={status}>
                      {t.redirects[status]}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Tick {...tick('forward_query')} />
            <Field label={t.labels.rules} hint={t.hints.rules} errors={errorsOf(problem, 'rules')}>
              {(attributes) => (
                <textarea
                  {...attributes}
                  rows={form.rules === '' ? 2 : 8}
                  spellcheck={false}
                  value={form.rules}
                  onInput={(event) => setForm({ ...form, rules: event.currentTarget.value })}
                />
              )}
            </Field>
          </div>
        </details>
        <ProblemNote problem={problem} />
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {link === undefined ? t.create : t.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

/** Of the field, and of what is inside of it: `tags.3`. */
function errorsOf(problem: Problem | undefined, name: string): string[] | undefined {
  const found = Object.entries(problem?.fields ?? {}).filter(([field]) => field.split('.')[0] === name)
  return found.length === 0 ? undefined : found.flatMap(([, errors]) => errors)
}

const shown = ['long_url', 'title', 'slug', 'is_advanced', 'status']

const hasHidden = ({ fields }: Problem) => Object.keys(fields).some((field) => !shown.includes(field))
