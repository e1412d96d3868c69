import { formatNumber } from '../numbers.js'
import { texts } from '../texts.js'

export function UploadProgress({ done, all, onStop }: { done: number; all: number; onStop: () => void }) {
  const text = texts.upload.sending(formatNumber(done), formatNumber(all))
  return (
    <>
      <p role="status">{text}</p>
      <progress value={done} max={all} aria-label={texts.upload.title} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onStop}>
          {texts.upload.stop}
        </button>
      </footer>
    </>
  )
}
