import { Icon } from './icon.js'

/** One step up, for pages below others. */
export function BackLink({ href, text }: { href: string; text: string }) {
  return (
    <a class="back-link" href={href}>
      <Icon name="back" />
      {text}
    </a>
  )
}
