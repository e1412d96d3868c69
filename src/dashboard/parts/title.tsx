import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { texts } from '../texts.js'

/** The heading of a page. It has the focus when the page appears, so that keyboards and screen readers are where the eyes are. */
export function Title({ text, children }: { text: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${text} · ${texts.name}`
  }, [text])
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <header class="title">
      <h1 ref={heading} tabIndex={-1}>
        {text}
      </h1>
      {children !== undefined && <div class="title-tools">{children}</div>}
    </header>
  )
}
