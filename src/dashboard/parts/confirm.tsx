import { useState } from 'preact/hooks'
import { ask, type Call } from '../api/ask.js'
import type { Problem } from '../api/problem.js'
import { texts } from '../texts.js'
import { Dialog } from './dialog.js'
import { ProblemNote } from './problem-note.js'

interface ConfirmProps {
  title: string
  text: string
  /** What the button says. */
  action: string
  call: Call<unknown>
  onDone: () => void
  onClose: () => void
}

/** Asks before something is done that cannot be undone, and does it. */
export function Confirm({ title, text, action, call, onDone, onClose }: ConfirmProps) {
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const act = async () => {
    setBusy(true)
    const outcome = await ask(call)
    setBusy(false)
    if ('problem' in outcome) setProblem(outcome.problem)
    else onDone()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <ProblemNote problem={problem} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {texts.cancel}
        </button>
        <button type="button" class="button danger" onClick={act} disabled={isBusy}>
          {action}
        </button>
      </footer>
    </Dialog>
  )
}
