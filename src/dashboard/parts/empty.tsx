import type { ComponentChildren } from 'preact'

interface EmptyProps {
  title: string
  text: string
  /** What to do about it. */
  children?: ComponentChildren
}

/** Says why there is nothing, and what would bring something. */
export function Empty({ title, text, children }: EmptyProps) {
  return (
    <div class="empty">
      <svg class="empty-picture" viewBox="0 0 64 40" aria-hidden="true">
        <path d="M4 36h56M10 36V24M20 36V16M30 36V27M40 36V12M50 36V21" />
      </svg>
      <p class="empty-title">{title}</p>
      <p class="empty-text">{text}</p>
      {children}
    </div>
  )
}
