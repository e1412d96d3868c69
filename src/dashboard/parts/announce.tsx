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

export function Announcements() {
  return (
    <div class="announcements" role="status" aria-live="polite">
      {said.value && (
        <p key={said.value.at} class={said.value.isBad ? 'announcement bad' : 'announcement'}>
          {said.value.text}
        </p>
      )}
    </div>
  )
}
