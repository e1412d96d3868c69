import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { texts } from '../texts.js'
import { Announcements, announceWithin } from './announce.js'
import { Icon } from './icon.js'

interface DialogProps {
  title: string
  onClose: () => void
  children: ComponentChildren
  /** A panel at the side, for what is long. */
  isSide?: boolean
}

/** The browser's own dialog: it keeps the focus inside, closes with Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, isSide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const shown = dialog.current
    const before = document.activeElement
    shown?.showModal()
    const leave = announceWithin(id)
    return () => {
      leave()
      shown?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [id])
  return (
    <dialog
      ref={dialog}
      class={isSide ? 'dialog side' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        // A file input inside says `cancel` too, when its picker is closed, and that one bubbles.
        if (event.target !== event.currentTarget) return
        event.preventDefault()
        onClose()
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="icon-button" onClick={onClose} aria-label={texts.close} title={texts.close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
      <Announcements dialog={id} />
    </dialog>
  )
}
