import { useAnswer } from '../api/use-answer.js'
import { texts } from '../texts.js'
import { Field } from './field.js'

interface WebhookFieldProps {
  value: string
  errors?: string[] | undefined
  onChoose: (id: string) => void
}

/** Which webhook is told of the visits of a link. */
export function WebhookField({ value, errors, onChoose }: WebhookFieldProps) {
  const query = { per_page: 100 }
  const webhooks = useAnswer((api, signal) => api.GET('/developer/webhooks', { params: { query }, signal }), ['all'])
  const known = webhooks.data?.data ?? []
  const isUnknown = value !== '' && !known.some(({ id }) => id === value)
  return (
    <Field label={texts.linkForm.labels.webhook_id} errors={errors}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
          <option value="">{texts.linkForm.noWebhook}</option>
          {isUnknown && <option value={value}>{value}</option>}
          {known.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
