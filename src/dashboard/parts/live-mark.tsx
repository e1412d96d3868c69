import { liveState, refusal } from '../api/live.js'
import { texts } from '../texts.js'

/** Whether what is on the screen follows what happens. */
export function LiveMark() {
  const state = liveState.value
  if (state === 'off') return null
  const hint = state === 'refused' ? texts.live.refusedHint(refusal.value) : texts.live.hint[state]
  return (
    <span class={`live-mark ${state}`} title={hint}>
      <span class="live-dot" aria-hidden="true" />
      {texts.live[state]}
    </span>
  )
}
