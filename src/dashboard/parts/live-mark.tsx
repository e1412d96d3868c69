import { liveState } from '../api/live.js'
import { texts } from '../texts.js'

/** Whether what is on the screen follows what happens. */
export function LiveMark() {
  const state = liveState.value
  if (state === 'off') return null
  return (
    <span class={`live-mark ${state}`} title={texts.live.hint[state]}>
      <span class="live-dot" aria-hidden="true" />
      {texts.live[state]}
    </span>
  )
}
