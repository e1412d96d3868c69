import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  label: string
  /** What to give, or what it does. */
  hint?: string | undefined
  errors?: string[] | undefined
  children: (attributes: FieldAttributes) => ComponentChildren
}

export interface FieldAttributes {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

/** A control with its label, its hint, and what is wrong with it. */
export function Field({ label, hint, errors = [], children }: FieldProps) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, errors.length > 0 && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': errors.length > 0 || undefined,
      })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {errors.length > 0 && (
        <p class="error" id={`${id}-error`}>
          {errors.join(' ')}
        </p>
      )}
    </div>
  )
}

interface TextFieldProps {
  label: string
  hint?: string
  errors?: string[] | undefined
  value: string
  onInput: (event: { currentTarget: { value: string } }) => void
  name?: string
  type?: string
  inputMode?: 'url' | 'numeric'
  autocomplete?: 'off'
  placeholder?: string
  spellcheck?: boolean
  required?: boolean
  max?: string
}

/** The usual case of it. */
export function TextField({ label, hint, errors, type = 'text', ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} errors={errors}>
      {(attributes) => <input type={type as 'text'} {...input} {...attributes} />}
    </Field>
  )
}
