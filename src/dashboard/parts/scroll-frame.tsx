import type { ComponentChildren } from 'preact'

/** Shows a part of a long table. */
export function ScrollFrame({ label, low, children }: { label: string; low?: boolean; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class={low ? 'table-frame low' : 'table-frame'} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
