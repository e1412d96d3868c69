import type { components, Link } from '../../client/index.js'
import { instantOfWall, localInput } from '../format.js'
import { ownZone } from '../surroundings.js'
import { texts } from '../texts.js'

export type LinkFields = components['schemas']['LinkFields']

/** A link as a form has it: texts and ticks. */
export interface LinkForm {
  long_url: string
  title: string
  slug: string
  is_advanced: boolean
  status: boolean
  webhook_id: string
  expires_at: string
  max_visits: string
  fallback_url: string
  redirect_status: string
  forward_query: boolean
  tags: string
  rules: string
}

export function formOf(link: Link | undefined): LinkForm {
  return {
    long_url: link?.long_url ?? '',
    title: link?.title ?? '',
    slug: link?.token ?? '',
    is_advanced: link?.is_advanced === 1,
    status: link === undefined || link.status === 1,
    webhook_id: link?.webhook_id ?? '',
    expires_at: link?.expires_at ? localInput(new Date(link.expires_at)) : '',
    max_visits: link?.max_visits == null ? '' : String(link.max_visits),
    fallback_url: link?.fallback_url ?? '',
    redirect_status: String(link?.redirect_status ?? 302),
    forward_query: link?.forward_query === 1,
    tags: link?.tags?.join(', ') ?? '',
    rules: link?.rules === undefined || link.rules.length === 0 ? '' : JSON.stringify(link.rules, null, 2),
  }
}

type Errors = Record<string, string[]>

/** What is sent of a form that began as `before`, or what of it cannot be read. */
export function fieldsOf(form: LinkForm, before: LinkForm): { fields: LinkFields } | { errors: Errors } {
  const rules = readRules(form.rules)
  if (rules === null) return { errors: { rules: [texts.linkForm.rulesNotJson] } }
  return {
    fields: {
      long_url: form.long_url.trim(),
      title: form.title.trim(),
      ...(form.slug.trim() !== '' && { slug: form.slug.trim() }),
      is_advanced: form.is_advanced ? 1 : 0,
      status: form.status ? 1 : 0,
      webhook_id: form.webhook_id || null,
      // The field has no seconds: an end that has some keeps them only if it is not sent.
      ...(form.expires_at !== before.expires_at && { expires_at: endOf(form.expires_at) }),
      max_visits: form.max_visits.trim() || null,
      fallback_url: form.fallback_url.trim() || null,
      redirect_status: form.redirect_status as '302',
      forward_query: form.forward_query ? 1 : 0,
      tags: [...new Set(form.tags.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== ''),
      rules,
    },
  }
}

const endOf = (local: string) =>
  local === '' ? null : instantOfWall(`${local.replace('T', ' ')}:00`, ownZone).toISOString()

/** Of fields that are filled only in part, such as a day without its time: their value is '', as if nobody had touched them. */
export function halfFilled(form: HTMLFormElement): Errors {
  const inputs = [...form.elements].filter((element) => element instanceof HTMLInputElement)
  const half = inputs.filter(({ validity }) => validity.badInput)
  return Object.fromEntries(half.map(({ name }) => [name, [texts.linkForm.halfFilled]]))
}

function readRules(text: string): NonNullable<LinkFields['rules']> | null {
  if (text.trim() === '') return []
  try {
    const rules: unknown = JSON.parse(text)
    return Array.isArray(rules) ? rules : null
  } catch {
    return null
  }
}
