import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { localInput } from '../format.js'
import { go, hrefWith } from '../location.js'
import { type Range, rangeProblem } from '../range.js'
import { texts } from '../texts.js'

type Ends = Record<'from' | 'to', string>

/**
 * The ends of a range of the person's own. Browsers tell of a change after each digit, of years such as 0002 too: what is typed
 * is a draft until the field is left or Enter is pressed. What is picked in a calendar is taken at once.
 */
export function RangeEnds({ range }: { range: Range }) {
  const shown: Ends = { from: localInput(range.from), to: localInput(range.to) }
  const [draft, setDraft] = useState<Partial<Ends>>({})
  const [problem, setProblem] = useState<ReturnType<typeof rangeProblem>>(null)
  const isTyping = useRef(false)
  const problemId = useId()
  const forget = () => {
    setDraft({})
    setProblem(null)
  }
  useEffect(forget, [shown.from, shown.to])
  const take = (name: keyof Ends, value: string) => {
    isTyping.current = false
    // Left half empty: the field shows again what is looked at.
    const { [name]: _, ...others } = draft
    const drafted: Partial<Ends> = value === '' ? others : { ...draft, [name]: value }
    const ends = { ...shown, ...drafted }
    setDraft(drafted)
    if (ends.from === shown.from && ends.to === shown.to) return setProblem(null)
    const found = rangeProblem(ends.from, ends.to)
    setProblem(found)
    if (found === null) go(hrefWith({ range: undefined, ...ends }))
  }
  const end = (name: keyof Ends) => (
    <label class="range-end">
      <span>{texts.range[name]}</span>
      <input
        type="datetime-local"
        value={draft[name] ?? shown[name]}
        min="1970-01-01T00:00"
        max="9999-12-31T23:59"
        aria-invalid={problem !== null || undefined}
        aria-describedby={problem === null ? undefined : problemId}
        onInput={({ currentTarget: { value } }) => {
          setDraft((before) => ({ ...before, [name]: value }))
          setProblem(null)
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') take(name, currentTarget.value)
          else isTyping.current = true
        }}
        onChange={({ currentTarget }) => {
          if (!isTyping.current) take(name, currentTarget.value)
        }}
        onBlur={({ currentTarget }) => {
          // The window may have lost the focus, and not the field; or both are gone, with the page.
          if (currentTarget.isConnected && document.activeElement !== currentTarget) take(name, currentTarget.value)
        }}
      />
    </label>
  )
  return (
    <div class="range-ends">
      {end('from')}
      {end('to')}
      {problem !== null && (
        <p class="error" id={problemId} role="alert">
          {texts.range.problems[problem]}
        </p>
      )}
    </div>
  )
}
