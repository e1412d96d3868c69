import { signal } from '@preact/signals'

const said = signal<{ text: string; isBad: boolean; at: number } | null>(null)
const shownMs = 5_000
let timer: ReturnType<typeof setTimeout> | undefined

/** Says in passing what has been done; screen readers say it too. */
export function announce(text: string, isBad = false): void {
  clearTimeout(timer)
  said.value = { text, isBad, at: Date.now() }
  timer = setTimeout(() => {
    said.value = null
  }, shownMs)
}

/** Ids of the dialogs that are open, the innermost last. */
const dialogs = signal<string[]>([])

/** From now on it is said in this dialog: what is outside of it is behind its backdrop, and no screen reader goes there. */
export function announceWithin(dialog: string): () => void {
  dialogs.value = [...dialogs.value, dialog]
  return () => {
    dialogs.value = dialogs.value.filter((id) => id !== dialog)
  }
}

/** Where it is said: of the page, or of a dialog. It is there before there is something to say, or it would not be read out. */
export function Announcements({ dialog }: { dialog?: string }) {
  const isHere = dialogs.value.at(-1) === dialog
  return (
    <div class="announcements" role="status" aria-live="polite">
      {isHere && said.value && (
        <p key={said.value.at} class={said.value.isBad ? 'announcement bad' : 'announcement'}>
          {said.value.text}
        </p>
      )}
    </div>
  )
}
